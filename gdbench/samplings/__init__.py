"""Samplings, one per file: where a stochastic method has its gradients from."""
