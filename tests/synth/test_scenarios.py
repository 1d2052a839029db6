"""The synthesised corpus: every cassette is what its scenario makes, and nothing else is there."""

import pytest

from chunkproof_conformance.cases import traits
from chunkproof_conformance.cases.cassette import dump_cassette
from chunkproof_conformance.cases.index import CORPUS, iter_cases, load_case
from chunkproof_conformance.oracles import verdict
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import Choice, Message, Text
from chunkproof_conformance.synth.scenarios import tours
from chunkproof_conformance.synth.scenarios.catalogue import SCENARIOS
from tests.test_house import HARNESS, REFERENCE, imports, inside

TAXONOMY = """
text/openai-basic text/openai-usage-obfuscation text/azure-prompt-filter-first
text/openrouter-comments-role-every-chunk text/xai-no-finish-key text/snowflake-no-finish-empty-id
text/generic-unicode-separators-emoji text/generic-whitespace-and-identical-deltas
framing/generic-crlf framing/generic-cr framing/generic-bom framing/generic-nospace-spring
framing/generic-retry-id-meta-events framing/generic-id-sticky-ping-llmgateway
framing/generic-multiline-data framing/generic-empty-data-ping framing/generic-long-line-1mib
end/generic-no-done-finish-present end/generic-no-done-no-finish end/generic-done-no-finish
end/generic-double-done-and-trailing-data end/generic-cut-mid-json
end/generic-eof-without-blank-line end/generic-done-text-inside-content
tools/openai-parallel-fragmented tools/xai-whole-call tools/gemini-no-index-parallel-signature
tools/ollama-all-index-zero tools/bedrock-index-starts-at-1 tools/bedrock-gateway-negative-index
tools/qwen-empty-id-continuation tools/fireworks-null-name-id tools/minimax-name-every-chunk
tools/lmstudio-new-id-every-fragment tools/deepseek-duplicate-ids tools/claude-empty-arguments
tools/minimax-object-arguments tools/vllm-brace-lost-and-doubled tools/generic-interleaved-by-index
tools/generic-escape-split-arguments tools/generic-name-late-type-late
finish/ollama-stop-with-tools finish/openrouter-duplicate-finish finish/sglang-empty-string
finish/tgi-unknown-reason finish/generic-payload-with-and-after-finish
finish/generic-length-truncated-tool-call
reasoning/deepseek-reasoning-content reasoning/vllm-reasoning reasoning/stepfun-mirrored
reasoning/openrouter-details-signature reasoning/mistral-content-list
reasoning/minimax-think-tags-split reasoning/generic-interleaved-with-tools
usage/groq-twice usage/vllm-cumulative usage/openai-then-moderation usage/moonshot-in-choice
usage/minimax-empty-and-zero
errors/vllm-200-first errors/openrouter-midstream-finish-error errors/groq-event-error
errors/string-error errors/azure-late-content-filter errors/generic-json-body-not-sse
choices/openai-n2-interleaved choices/generic-index-1-first logprobs/openai-append
refusal/openai-structured audio/openai-expires-only-end annotations/openrouter-url-citation
legacy/openai-function-call images/openrouter-delta-images letta/inner-thoughts-send-message
""".split()  # noqa: SIM905 - a list of one a line would be three pages
"""The scenarios that the catalogue of hazards asks for."""

each_scenario = pytest.mark.parametrize("case_id", sorted(SCENARIOS))


def test_every_scenario_of_the_catalogue_is_there() -> None:
    """By name; more may be there."""
    assert len(TAXONOMY) == 74
    assert set(TAXONOMY) <= SCENARIOS.keys()


def test_every_cassette_of_a_message_has_its_scenario() -> None:
    """And every scenario its cassette."""
    synthesised = {case.id for case in iter_cases() if case.key.message is not None}
    assert synthesised == SCENARIOS.keys()


@each_scenario
def test_the_cassette_is_what_the_scenario_makes(case_id: str) -> None:
    """Byte for byte: message, dialect and code give the file again."""
    made = SCENARIOS[case_id]
    assert (CORPUS / f"{case_id}.yaml").read_text("utf-8") == dump_cassette(
        made.key(), made.exchange()
    )


@each_scenario
def test_a_synthesised_case_says_how_well_its_dialect_is_known(case_id: str) -> None:
    """Kind, dialect, fidelity and sources; and what was done beside rendering."""
    origin = load_case(case_id).key.provenance
    dialect = DIALECTS[str(origin.dialect)]
    assert origin.kind == "synthesised"
    assert origin.fidelity == dialect.fidelity
    assert tuple(origin.sources) == dialect.sources


def test_a_must_does_not_rest_on_reports_alone() -> None:
    """What only issue reports say is `must` where recordings of two vendors show it as well."""
    shown_by_two_vendors = {
        "tools/bedrock-index-starts-at-1",  # OpenRouter and Vercel's gateway
        "tools/fireworks-null-name-id",  # Together, Writer and Azure's Kimi
        "finish/ollama-stop-with-tools",  # vLLM and LiteLLM; the cloud's dialect is captured
        "reasoning/vllm-reasoning",  # vLLM, Groq, OpenRouter
        "errors/vllm-200-first",  # the reference's own error object
    }
    found = {
        case_id
        for case_id, made in SCENARIOS.items()
        if made.strength == "must" and made.dialect.fidelity == "reported"
    }
    assert found <= shown_by_two_vendors


def test_two_oracles_that_differ_are_a_finding() -> None:
    """A plain stream that does not say its message is refused, not written down."""
    made = SCENARIOS["text/openai-basic"]
    wrong = Message((Choice((Text("Something else"),)),))
    with pytest.raises(verdict.OraclesDiffer, match="final"):
        verdict.expect(made.id, made.body, end="eof", message=wrong)


def test_the_message_of_a_plain_stream_brings_the_level_exact() -> None:
    """Truth and transcript agree; the transcript alone knows the fragments."""
    made = SCENARIOS["text/openai-basic"]
    said = verdict.expect(made.id, made.body, end="eof", message=made.message)
    assert said["oracle"] == "truth"
    texts = [event["text"] for event in said["exact"] if event["event"] == "text"]
    assert "".join(texts) == said["final"]["choices"][0]["text"]
    assert len(texts) > 3


def test_no_two_tours_of_a_kind_show_the_same_hazards() -> None:
    """A dialect whose ordinary stream shows what another one's shows adds nothing."""
    shown_by: dict[tuple[str, tuple[str, ...]], str] = {}
    for kind, name, _ in tours.TOURS:
        rows = tuple(traits.shown(load_case(tours.tour(kind, name, "").id)))
        assert (kind, rows) not in shown_by, f"{name} is {shown_by.get((kind, rows))}"
        shown_by[kind, rows] = name


def test_the_truth_side_never_reaches_the_reference() -> None:
    """Message, dialects, rendering and framing import no parser, not even through others."""
    synth = f"{HARNESS}.synth"
    names = ("message", "plan", "template", "dialect", "render", "framing", "shape", "edits")
    truth_side = {f"{synth}.{name}" for name in names} | inside(f"{synth}.dialects")
    chains = [
        imports().find_shortest_chain(importer=module, imported=parser)
        for module in truth_side
        for parser in inside(REFERENCE)
    ]
    assert not [chain for chain in chains if chain]
