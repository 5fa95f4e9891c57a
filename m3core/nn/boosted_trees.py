"""Gradient-boosted trees as tensors: they stand in a checkpoint beside a network's weights, and torch asks them."""

import torch
from torch import Tensor, nn

__all__ = ["BoostedTrees"]


class BoostedTrees(nn.Module):
    """A sum of regression trees a class: (B, n_inputs) -> (B, n_classes), raw scores whose softmax are probabilities.

    Tree t speaks for class t mod n_classes. Node n of it sends a source to `left` where input `feature` <= `threshold`,
    else to `right`: a node's number, or -1 - l for leaf l. A node stands before its children.
    """

    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    value: Tensor

    def __init__(self, *, n_inputs: int, n_classes: int, n_trees: int, n_leaves: int) -> None:
        super().__init__()
        self.n_inputs, self.n_classes = n_inputs, n_classes
        nodes = (n_trees, max(n_leaves - 1, 1))
        self.register_buffer("feature", torch.zeros(nodes, dtype=torch.int64))
        self.register_buffer("threshold", torch.zeros(nodes, dtype=torch.float64))
        self.register_buffer("left", torch.full(nodes, -1, dtype=torch.int64))
        self.register_buffer("right", torch.full(nodes, -1, dtype=torch.int64))
        self.register_buffer("value", torch.zeros((n_trees, n_leaves), dtype=torch.float64))

    def fault(self) -> str | None:
        """What is wrong with tensors from a file; None: nothing, every source ends in a leaf."""
        n_nodes, n_leaves = self.left.shape[1], self.value.shape[1]
        if not bool(((self.feature >= 0) & (self.feature < self.n_inputs)).all()):
            return f"a tree asks for an input that is none of the {self.n_inputs}"
        places = torch.arange(n_nodes, device=self.left.device)
        for children in (self.left, self.right):
            is_node = (children > places) & (children < n_nodes)
            is_leaf = (children < 0) & (children >= -n_leaves)
            if not bool((is_node | is_leaf).all()):
                return "a tree's node leads to none of its later nodes or leaves"
        return None

    def forward(self, inputs: Tensor) -> Tensor:
        n_trees, n_nodes = self.left.shape
        trees = torch.arange(n_trees, device=inputs.device)
        node = torch.zeros((len(inputs), n_trees), dtype=torch.int64, device=inputs.device)
        for _ in range(n_nodes):
            place = node.clamp(min=0)
            read = inputs.gather(1, self.feature[trees, place])
            below = torch.where(read <= self.threshold[trees, place], self.left[trees, place], self.right[trees, place])
            node = torch.where(node < 0, node, below)
            if bool((node < 0).all()):
                break
        found = self.value[trees, -1 - node]
        return found.reshape(len(inputs), -1, self.n_classes).sum(dim=1)
