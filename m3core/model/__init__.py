"""The multimodal CLIP model and the classifier: configuration, encoders, loss, batches."""
