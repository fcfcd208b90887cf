#include "trainer/data/espeak_text.h"

#include <string.h>

/* Parts of syllables, each list parted by blanks; "-" is nothing. What stands twice comes twice as
 * often. A writing of whole syllables has them as nuclei. */
typedef struct grammar {
    const char *name;
    const char *onsets, *nuclei, *codas;
    uint32_t most;     /* syllables of a word */
    const char *words; /* frequent ones, "" when there is no list */
    const char *stops; /* ends of a sentence, the comma last */
} grammar;

#define LATIN_STOPS ". . . . ? ! ,"

static const grammar languages[] = {
    {"en-us",
     "- b c d f g h j k l m n p r s t v w br cl cr dr fl fr gr pl pr sh ch th st str tr qu",
     "a e i o u a e i o ai ay ea ee oa oo ou ow er ar or",
     "- - n t s d l r m nd st ck ng ss p nt rd", 3,
     "the of and to a in is it you that he was for on are with as his they at be this have from",
     LATIN_STOPS},
    {"en", "- b c d f g h l m n p r s t v w bl br cr dr fl gl gr pr sc sh ch th sp st tr wh",
     "a e i o u a e i o ai ea ee oi oo ou er ar or ire ure",
     "- - n t s d l m nd st ck ng sh p lt mp", 3,
     "the of and to a in is it you that he was for on are but not what all were when we there",
     LATIN_STOPS},
    {"en-gb-scotland", "- b c d f g h l m n p r s t v w br cr dr fl gr pr sh ch th sp st tr wh",
     "a e i o u a e i o ai ea ee oo ou er ar or", "- - n t s d l m nd st ck ng sh rt rn ld", 3,
     "the of and to a in is it wee aye then you that he was for on are but not", LATIN_STOPS},
    {"de", "- b d f g h k l m n p r s t w z br dr fr gr kl kr pf pl sch schl schw sp st tr zw",
     "a e i o u e e ei au eu ie ä ö ü", "- - n t r s l m nd st cht ng rk ft tz ch ck", 3,
     "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es",
     LATIN_STOPS},
    {"fr", "- b c d f g j l m n p r s t v br cl cr dr fl fr gr pl pr tr ch gn qu",
     "a e i o u é è ou oi ai au eau eu on an in en", "- - - r l s t nt c", 3,
     "le la de et les des un une en que qui dans du pour il elle pas sur ce plus par je nous avec",
     LATIN_STOPS},
    {"es", "- b c d f g j l m n p r s t v br cl cr dr fl fr gr pl pr tr ch ll ñ",
     "a e i o u a e i o ie ue ia io", "- - - - n s r l", 4,
     "de la que el en y a los se del las un por con no una su para es al lo como más pero",
     LATIN_STOPS},
    {"it", "- b c d f g l m n p r s t v z br cr dr fr gr pr tr st sp sc ch gh gn gl",
     "a e i o u a e i o ia io ie uo", "- - - - n r l", 4,
     "di che e la il un a per in una sono mi ho ha lo ma si non con cosa le ti se da come",
     LATIN_STOPS},
    {"pt-br", "- b c d f g j l m n p r s t v br cl cr dr fl gr pl pr tr ch lh nh",
     "a e i o u a e o ão ei ou ai em", "- - - - s r l m", 4,
     "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele",
     LATIN_STOPS},
    {"nl", "- b d f g h k l m n p r s t v w z br dr gr kl kn kr sch sl sp st str tr zw",
     "a e i o u aa ee oo ij ei ui oe ie eu ou", "- - n t r s l k m nd st cht ng rk", 3,
     "de en het van ik te dat die in een hij niet zijn is was op aan met als voor had er maar",
     LATIN_STOPS},
    {"sv", "- b d f g h j k l m n p r s t v bl br dr fl gr kl kr sk sl sn sp st str tr sj",
     "a e i o u å ä ö y a e", "- - n r t l s k ng nd st rn", 3,
     "och i att det som en på är av för med till den har de inte om ett han men var jag sig",
     LATIN_STOPS},
    {"pl", "- b c d g j k l m n p r s t w z br ch cz dr dz gr kr krz pr prz rz st sz tr wst ł ś ż",
     "a e i o u y ą ę ie ia ó a e", "- - - m n j k ł ch sz ść", 3,
     "i w nie na się z do to że jest o jak ale co po tak za od przez był tylko już dla czy",
     LATIN_STOPS},
    {"cs", "- b c d h j k l m n p r s t v z č ř š ž br dr kr př st str tr hl ml",
     "a e i o u á é í ou ě y ů", "- - - n m t k l r š c st", 3,
     "a se v na je že o s z do i to k ve pro za by ale si po jako podle od jsem když tak",
     LATIN_STOPS},
    {"ru", "- б в г д ж з к л м н п р с т ф х ц ч ш бр вр гр др кр пр ст стр тр сл",
     "а е и о у ы я ю э а о е", "- - - н т л р м к й ст сь ть", 4,
     "и в не на я быть он с что а по это она этот к но они мы весь который из у который то",
     LATIN_STOPS},
    {"uk", "- б в г д ж з к л м н п р с т ф х ц ч ш бр гр др кр пр ст тр сл",
     "а е и о у і ї я ю а о", "- - - н т л р м к й сть в", 4, "і в не на я з що та це до як у він",
     LATIN_STOPS},
    {"el", "- β γ δ ζ θ κ λ μ ν π ρ σ τ φ χ στ πρ τρ κρ γρ μπ ντ", "α ε ι ο ου η αι ει ω ά έ ί ό",
     "- - - - ν ς ρ", 4, "και το να του η της με που την από για είναι ο στο δεν θα τα",
     ". . . ; ! ,"},
    {"tr", "- b c d g h k l m n p r s t v y z ç ş", "a e i o u ı ö ü a e i",
     "- - n r l k m t z ş rt", 4, "bir ve bu da de için ne o ben çok ama gibi daha var kadar sonra",
     LATIN_STOPS},
    {"fi", "- h j k l m n p r s t v k t", "a e i o u ä ö y aa ee ii uu ai ei uo ie ää",
     "- - - n s t l r k", 5, "ja on ei että se hän oli mutta niin kun mitä minä", LATIN_STOPS},
    {"hu", "- b d f g h j k l m n p r s t v z cs gy ny sz zs", "a e i o u á é ó ö ő ü a e",
     "- - n k t l r s m g nd", 4, "a az és hogy nem is egy ez de meg csak volt már el",
     LATIN_STOPS},
    {"ro", "- b c d f g j l m n p r s t v z br cr dr gr pr tr st ș ț ch", "a e i o u ă â ea ie oa",
     "- - - n r l t s m nt", 3, "și de la a în cu nu o pe că un mai din este ce se", LATIN_STOPS},
    {"id", "- b c d g h j k l m n p r s t w y ny ng", "a e i o u a a ai au",
     "- - n ng r k s t m h l", 4, "yang dan di itu dengan ini untuk dari dalam tidak akan pada ke",
     LATIN_STOPS},
    {"sw", "b ch d f g h j k l m n p r s t v w y z mb nd ng nj nz mw kw", "a e i o u a a i", "-", 4,
     "na ya wa kwa ni katika za la cha huo hii yake", LATIN_STOPS},
    {"vi", "- b c ch d đ g h kh l m n ng nh ph qu r s t th tr v x",
     "a á à ả ã ạ e é ê ế ề i í o ó ô ố ơ ớ ờ u ư ứ ừ", "- - n ng m t c p nh ch", 1,
     "và của có là được cho trong một không những với người", LATIN_STOPS},
    {"hi", "क ख ग घ च ज ट ड त द न प फ ब म य र ल व स ह", "- ा ि ी ु े ो ै", "- - - न र ल त क", 3,
     "है के में की और से का को पर यह", "। । । ? ! ,"},
    {"ar", "ب ت ج ح د ر س ش ط ع ف ق ك ل م ن ه و ي", "َ ِ ُ َا ِي ُو", "- - - ن ر ل م ب ت", 3,
     "في من على إلى أن هذا مع كان", ". . . ؟ ! ،"},
    {"fa", "ب پ ت ج د ر س ش ف ک گ ل م ن ه خ", "ا ی و َ ِ ُ", "- - - ن ر ت م ش", 3,
     "و در به از که این را با است", ". . . ؟ ! ،"},
    {"ka", "ბ გ დ ვ ზ თ კ ლ მ ნ პ ჟ რ ს ტ ფ ქ ღ შ ჩ ც ძ წ ჭ ხ ჯ ჰ", "ა ე ი ო უ ა ი",
     "- - - ნ ს თ რ", 4, "და არ ეს რომ ის იყო მე", LATIN_STOPS},
    {"ja", "-",
     "あ い う え お か き く け こ さ し す せ そ た ち つ て と な に ぬ ね の は ひ ふ へ ほ ま "
     "み む め も や "
     "ゆ よ ら り る れ ろ わ が ぎ ぐ げ ご ざ じ ず だ で ど ば び ぶ べ ぼ ん きょ しゃ ちょ",
     "-", 5, "は が を に の と で も から", "。 。 。 ？ 、"},
    {"cmn", "-",
     "的 一 是 不 了 人 我 在 有 他 这 中 大 来 上 国 个 到 说 们 为 子 和 你 地 出 道 也 时 年 得 "
     "就 那 要 下 "
     "以 生 会 自 着 去 之 过 家 学 对 可 她 里 后 小 么 心 多 天 而 能 好 都 然 没 日 于 起 还 发 "
     "成 事 只 作",
     "-", 3, "", "。 。 。 ？ ，"},
    {"ko", "-",
     "가 나 다 라 마 바 사 아 자 차 카 타 파 하 고 노 도 로 모 보 소 오 조 구 누 두 루 무 부 수 우 "
     "주 기 니 디 "
     "리 미 비 시 이 지 는 은 을 를 에 서 한 인 전 정 대 해 국 말 사람 있 없 같 었",
     "-", 4, "", LATIN_STOPS},
    {"eo", "- b c d f g h j k l m n p r s t v z ĉ ĝ ŝ ŭ br dr gr kr pr st tr", "a e i o u a o",
     "- - - n r l j s", 4, "la de kaj en estas ne mi kiu al por li ke", LATIN_STOPS},
};

size_t espeak_text_languages(void)
{
    return sizeof languages / sizeof *languages;
}

const char *espeak_text_language(size_t i)
{
    return languages[i].name;
}

typedef struct text {
    char *at;
    size_t room; /* without the end */
} text;

static void put(text *to, const char *s, size_t n)
{
    if (n > to->room)
        return; /* whole characters or none */
    memcpy(to->at, s, n);
    to->at += n;
    to->room -= n;
    *to->at = '\0';
}

/* One item of a list parted by blanks; the last `skip` of them are never taken. */
static void put_item(text *to, rng *r, const char *list, uint32_t skip)
{
    uint32_t count = 1;
    for (const char *at = list; (at = strchr(at, ' ')) != NULL; at++)
        count++;
    uint32_t k = rng_below(r, count - skip);
    for (; k > 0; k--)
        list = strchr(list, ' ') + 1;
    const size_t n = strcspn(list, " ");
    if (n != 1 || *list != '-')
        put(to, list, n);
}

static void put_number(text *to, rng *r)
{
    char digits[8];
    const uint32_t n = 1 + rng_below(r, rng_chance(r, 0.2) ? 6 : 2);
    for (uint32_t i = 0; i < n; i++)
        digits[i] = (char)('0' + (i == 0 ? 1 + rng_below(r, 9) : rng_below(r, 10)));
    put(to, digits, n);
}

static void put_word(text *to, rng *r, const grammar *l)
{
    if (*l->words && rng_chance(r, 0.35)) {
        put_item(to, r, l->words, 0);
        return;
    }
    const uint32_t a = 1 + rng_below(r, l->most), b = 1 + rng_below(r, l->most);
    for (uint32_t k = a < b ? a : b; k > 0; k--) {
        put_item(to, r, l->onsets, 0);
        put_item(to, r, l->nuclei, 0);
        put_item(to, r, l->codas, 0);
    }
}

void espeak_text_sentence(rng *r, size_t language, char out[ESPEAK_TEXT_MAX])
{
    const grammar *const l = &languages[language];
    enum { END = 8 };
    text to = {out, ESPEAK_TEXT_MAX - 1 - END};
    const char *const comma = strrchr(l->stops, ' ') + 1;
    const uint32_t n = 1 + rng_below(r, rng_chance(r, 0.2) ? 3 : 12);
    *out = '\0';
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) {
            if (rng_chance(r, 0.1))
                put(&to, comma, strlen(comma));
            put(&to, " ", 1);
        }
        if (rng_chance(r, 0.08))
            put_number(&to, r);
        else
            put_word(&to, r, l);
    }
    to.room += END;
    put_item(&to, r, l->stops, 1);
}
