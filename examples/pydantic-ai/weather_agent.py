"""The agent under test: it answers in text, or asks for the weather."""

from pydantic_ai import Agent, CallDeferred, DeferredToolRequests
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

Answer = str | DeferredToolRequests


def weather_agent(provider: OpenAIProvider) -> Agent[None, Answer]:
    """An agent of any OpenAI-compatible server. Somebody else looks out of the window for it."""
    model = OpenAIChatModel("any", provider=provider)
    agent: Agent[None, Answer] = Agent(model, output_type=[str, DeferredToolRequests])

    @agent.tool_plain
    def get_weather(city: str, days: int = 1, unit: str = "c") -> str:
        """Say what the weather is."""
        raise CallDeferred(metadata={"city": city, "days": days, "unit": unit})

    return agent
