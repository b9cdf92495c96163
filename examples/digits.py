"""Train a small network on scikit-learn's handwritten digits with `value_and_grad`.

    pip install -e '.[examples]' && python examples/digits.py

1,797 pictures of 8 x 8 pixels; a quarter is kept for the test. One hidden layer of 64 tanh units,
stochastic gradient descent with momentum, 40 epochs: some seconds, and a test accuracy of at least 0.95.
"""

import sys
import time

import numpy as np

from adjoint import value_and_grad

HIDDEN, EPOCHS, BATCH, RATE, MOMENTUM, DECAY = 64, 40, 32, 0.1, 0.9, 1e-4
GOAL = 0.95


def scores_of(params, pictures):
    hidden = np.tanh(pictures @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


def loss(params, pictures, labels):
    """Mean cross-entropy, with a small penalty on the weights."""
    scores = scores_of(params, pictures)
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_probability = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    penalty = np.sum(params["w1"] ** 2) + np.sum(params["w2"] ** 2)
    return DECAY * penalty - np.mean(log_probability[np.arange(len(labels)), labels])


def accuracy(params, pictures, labels):
    return np.mean(np.argmax(scores_of(params, pictures), axis=1) == labels)


def initial_parameters(rng, pixels, classes):
    return {
        "w1": rng.normal(size=(pixels, HIDDEN)) / np.sqrt(pixels),
        "b1": np.zeros(HIDDEN),
        "w2": rng.normal(size=(HIDDEN, classes)) / np.sqrt(HIDDEN),
        "b2": np.zeros(classes),
    }


def train(rng, params, pictures, labels):
    loss_and_gradient = value_and_grad(loss)
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for epoch in range(1, EPOCHS + 1):
        order = rng.permutation(len(pictures))
        losses = []
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            value, gradient = loss_and_gradient(params, pictures[batch], labels[batch])
            losses.append(value)
            for name in params:
                velocity[name] = MOMENTUM * velocity[name] - RATE * gradient[name]
                params[name] = params[name] + velocity[name]
        if epoch == 1 or epoch % 5 == 0:
            print(f"epoch {epoch:3d}   loss {np.mean(losses):.4f}   accuracy {accuracy(params, pictures, labels):.4f}")
    return params


def main():
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        print("This example needs scikit-learn for its data: pip install -e '.[examples]'", file=sys.stderr)
        return 2
    rng = np.random.default_rng(0)
    digits = load_digits()
    order = rng.permutation(len(digits.target))
    pictures, labels = digits.data[order] / 16.0, digits.target[order]
    held_out = len(labels) // 4

    start = time.perf_counter()
    params = initial_parameters(rng, pictures.shape[1], classes=10)
    params = train(rng, params, pictures[held_out:], labels[held_out:])
    seconds = time.perf_counter() - start

    reached = accuracy(params, pictures[:held_out], labels[:held_out])
    print(f"test accuracy {reached:.4f} on {held_out} pictures after {seconds:.1f} s (goal {GOAL})")
    return 0 if reached >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
