"""Runs the CMS reference engine over pairs.

Standard input: one JSON object a line, {"a": Patient, "b": Patient}.
Standard output: one line a pair, 1 where the engine says match, else 0; the
first line is "# version". Needs Python 3.12 and `pip install
cms-hte-patient-matching` (Apache-2.0). Used by `make bench-match`.
"""

import importlib.metadata
import json
import logging
import sys

logging.disable(logging.CRITICAL)

from patient_matching.matching.field_extractor import FieldExtractor
from patient_matching.matching.in_memory_backend import InMemoryBackend
from patient_matching.matching.matching_engine import MatchingEngine
from patient_matching.normalization import NormalizationManager


def main() -> None:
    print("#", importlib.metadata.version("cms-hte-patient-matching"))
    manager, extractor = NormalizationManager(), FieldExtractor()
    engine = MatchingEngine(backend=InMemoryBackend())
    for line in sys.stdin:
        pair = json.loads(line)
        a = extractor.extract(manager.normalize(pair["a"]))
        b = extractor.extract(manager.normalize(pair["b"]))
        print(int(engine.evaluate_pair(a, b)))


main()
