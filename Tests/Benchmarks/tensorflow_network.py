"""squeezenet-cifar in Keras, for TensorFlow's training step."""

import numpy as np
import tensorflow as tf

from networks import TOPOLOGIES


def build(architecture: str, classes: int, size: int, weights: np.ndarray) -> tf.keras.Model:
    (filters, kernel, stride, padding), pool, blocks = TOPOLOGIES[architecture]
    layers = tf.keras.layers
    x = inputs = tf.keras.Input((size, size, 3))
    x = layers.Conv2D(filters, kernel, stride, padding="same" if padding else "valid", activation="relu")(x)
    for block in blocks:
        if block == 0:
            x = layers.MaxPool2D(pool, 2)(x)
        else:
            s = layers.Conv2D(block[0], 1, activation="relu")(x)
            x = layers.Concatenate()([
                layers.Conv2D(block[1], 1, activation="relu")(s),
                layers.Conv2D(block[1], 3, padding="same", activation="relu")(s)])
    x = layers.Dropout(0.5)(x)
    x = layers.Conv2D(classes, 1, activation="relu")(x)
    model = tf.keras.Model(inputs, layers.GlobalAveragePooling2D()(x))
    offset = 0
    for variable in model.trainable_variables:
        count = int(np.prod(variable.shape))
        values = weights[offset : offset + count]
        offset += count
        if len(variable.shape) == 4:
            height, width, channels, outputs = variable.shape
            values = values.reshape(outputs, channels, height, width).transpose(2, 3, 1, 0)
        variable.assign(values.reshape(variable.shape))
    return model
