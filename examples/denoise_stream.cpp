// Removes noise from a stream: single precision samples of one channel from standard input to standard
// output, as they come. denoise_stream RATE [LIMIT_DB]
//
//   c++ -std=c++17 denoise_stream.cpp $(pkg-config --cflags --libs sordino-0) -o denoise_stream
#include <sordino/sordino.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace {

struct Free {
    void operator()(sordino_denoiser *d) const { sordino_denoiser_free(d); }
};
using Denoiser = std::unique_ptr<sordino_denoiser, Free>;

Denoiser make(const sordino_config &config)
{
    sordino_denoiser *d = nullptr;
    sordino_error why;
    if (sordino_denoiser_new(&config, nullptr, &d, &why) != SORDINO_OK)
        throw std::runtime_error(why.text);
    return Denoiser(d);
}

} // namespace

int main(int argc, char **argv)
try {
    sordino_config config;
    sordino_config_init(&config);
    config.rate = argc > 1 ? std::atof(argv[1]) : 48000;
    config.limit = argc > 2 ? std::atof(argv[2]) : config.limit;
    const Denoiser denoiser = make(config);
    std::fprintf(stderr, "denoise_stream: %u samples behind\n",
                 static_cast<unsigned>(sordino_denoiser_latency(denoiser.get())));
    std::array<float, 512> block;
    while (const std::size_t n = std::fread(block.data(), sizeof(float), block.size(), stdin)) {
        sordino_denoiser_process_interleaved(denoiser.get(), block.data(), block.data(), n);
        if (std::fwrite(block.data(), sizeof(float), n, stdout) != n)
            throw std::runtime_error("Standard output cannot be written");
    }
    return EXIT_SUCCESS;
} catch (const std::exception &e) {
    std::fprintf(stderr, "denoise_stream: %s\n", e.what());
    return EXIT_FAILURE;
}
