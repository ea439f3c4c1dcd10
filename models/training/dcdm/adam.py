"""Adam in TensorFlow, with gradients clipped to a norm of 1; what is not finite changes nothing."""

import tensorflow as tf


class Adam:
    def __init__(self, weights):
        self.weights = weights
        self.first = [tf.Variable(tf.zeros_like(w)) for w in weights]
        self.second = [tf.Variable(tf.zeros_like(w)) for w in weights]

    def step(self, grads, rate, count):
        """Inside of a `tf.function`; `count` begins at 1."""
        grads, norm = tf.clip_by_global_norm(grads, 1.0)
        good = tf.math.is_finite(norm)
        for w, g, m, v in zip(self.weights, grads, self.first, self.second):
            g = tf.where(good, g, tf.zeros_like(g))
            m.assign(0.9 * m + 0.1 * g)
            v.assign(0.999 * v + 0.001 * g * g)
            w.assign_sub(rate * (m / (1 - 0.9**count)) / (tf.sqrt(v / (1 - 0.999**count)) + 1e-8))
