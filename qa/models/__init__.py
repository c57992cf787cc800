"""The models that a person may name: chat, reranking, inference."""
