"""What programs call: REST, the protocol of OpenAI, tools for Gradio's clients and MCP, health."""
