"""Lab 3's last task: the whole way from symbols to a spectrogram."""

from __future__ import annotations

from grader.tasks.base import Output, Slip, Task

TACOTRON2 = Task(
    id="tacotron2-1",
    title="Tacotron2.predict",
    points=60,
    defines="Tacotron2",
    methods=("predict",),
    classic="TACOTRON2",
    adapter="tacotron2",
    arguments=("ids", "lengths"),
    outputs=(
        Output("mel_postnet", ("B", "n_mel_channels", "T")),
        Output("mel_lengths", ("B",)),
        Output("alignments", ("B", "T / r", "T_in")),
        Output("gate", ("B", "T / r")),
    ),
    slips=(
        Slip(
            "residual-missing",
            "the postnet's correction was returned without what it corrects",
            "The postnet predicts what to add: to what?",
        ),
        Slip(
            "residual-twice",
            "the decoder's mel was added twice",
            "Does the postnet's output already hold the mel, or only a correction?",
        ),
        Slip(
            "postnet-skipped",
            "the mel was returned as the decoder left it",
            "Who takes a second look at the finished spectrogram?",
        ),
        Slip(
            "postnet-twice",
            "the postnet was applied twice",
            "How many corrections does the paper's figure add to the mel?",
        ),
        Slip(
            "padding-missing",
            "the postnet sees the frames behind a sentence's end",
            "What does `hidden_frames` return, and who should be told?",
        ),
        Slip(
            "padding-of-text",
            "the frames to hide were computed from the lengths of the text",
            "Does `hidden_frames` count in symbols or in frames? Which of your lengths is which?",
        ),
        Slip(
            "transpose-missing",
            "the embedding went into the encoder untransposed",
            "On which axis does a convolution expect its channels?",
        ),
        Slip(
            "reshaped",
            "the embedding was reshaped instead of transposed",
            "`view` and `reshape` keep the order of the numbers in memory: does that swap two "
            "axes, or cut the rows anew?",
        ),
        Slip(
            "embedding-scaled",
            "the embedding was multiplied by the root of its size",
            "Another model scales its embeddings like this: does this one?",
        ),
        Slip(
            "encoder-skipped",
            "the decoder was given the embedding itself",
            "Which part lets a symbol know its neighbours?",
        ),
        Slip(
            "lengths-full",
            "the encoder was told that no sentence is padded",
            "Where does the backward LSTM of a short sentence begin?",
        ),
        Slip(
            "decoder-lengths-full",
            "the decoder was told that no sentence is padded",
            "What keeps the attention from looking at padding?",
        ),
        Slip(
            "memory-transposed",
            "the memory was transposed before it was decoded",
            "Which axis of the memory holds the symbols, as the encoder returns it?",
        ),
        Slip(
            "decoder-order",
            "the outputs are returned in the decoder's order",
            "In which order does the docstring of `predict` name them?",
        ),
        Slip(
            "gate-probability",
            "the gate was returned as a probability",
            "Is the gate that the decoder returns a logit, and what is promised here?",
        ),
    ),
)
