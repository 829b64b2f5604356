"""Runs that other programs keep, read where they are: MLflow, Weights & Biases, TensorBoard."""
