// Runs ONNX files: node run_onnx.js JOBS.json, a list of {model, input, width, output}; input and
// output are raw 32-bit floats. Prints what each model says of itself.
const fs = require("fs");
const ort = require("onnxruntime-node");

async function main() {
    for (const job of JSON.parse(fs.readFileSync(process.argv[2], "utf8"))) {
        const session = await ort.InferenceSession.create(job.model, { intraOpNumThreads: 1 });
        const bytes = fs.readFileSync(job.input);
        const x = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
        const shape = [1, x.length / job.width, job.width];
        const y = (await session.run({ input: new ort.Tensor("float32", x, shape) })).output;
        if (y.dims[0] !== 1 || y.dims[1] !== shape[1]) throw new Error(`shape ${y.dims}`);
        fs.writeFileSync(job.output, Buffer.from(y.data.buffer, y.data.byteOffset, y.data.byteLength));
        console.log(`${job.model}: ${session.inputNames} -> ${session.outputNames} [${y.dims}]`);
    }
}

main().catch((why) => {
    console.error(why);
    process.exit(1);
});
