"""The data sets of the official suite, by its names: what to push, under which tags, and what refers to what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.live.conformance.builders import Blob, Make, Manifest, embedded
from tests.live.conformance.media_types import IMAGE, LAYER, LAYER_GZIP, NONDISTRIBUTABLE, PLAIN, SBOM, SIGNATURE


@dataclass
class DataSet:
    """Manifests in the order of pushing (children first), each with its tags.

    `is_tagged_by_parameter` pushes by digest with `?tag=` instead of once more for every tag.
    """

    pushed: list[tuple[Manifest, tuple[str, ...]]] = field(default_factory=list)
    absent_subjects: list[str] = field(default_factory=list)
    is_tagged_by_parameter: bool = False

    def add(self, manifest: Manifest, *tags: str) -> Manifest:
        """Push `manifest` with everything below it that is not pushed yet."""
        for child in manifest.children:
            if child not in self.manifests:
                self.add(child)
        self.pushed.append((manifest, tags))
        return manifest

    @property
    def manifests(self) -> list[Manifest]:
        return [manifest for manifest, _ in self.pushed]

    @property
    def tags(self) -> dict[str, Manifest]:
        return {tag: manifest for manifest, tags in self.pushed for tag in tags}

    @property
    def blobs(self) -> list[Blob]:
        return list(dict.fromkeys(blob for manifest in self.manifests for blob in manifest.blobs))

    @property
    def referrers(self) -> dict[str, list[Manifest]]:
        """Subject digest to the manifests that refer to it."""
        found: dict[str, list[Manifest]] = {}
        for manifest in self.manifests:
            if manifest.subject:
                found.setdefault(manifest.subject["digest"], []).append(manifest)
        return found


def image(make: Make) -> DataSet:
    data = DataSet()
    data.add(make.image(), "image")
    return data


def image_uncompressed(make: Make) -> DataSet:
    data = DataSet()
    data.add(make.image(layer_type=LAYER), "image-uncompressed")
    return data


def large_manifest(make: Make) -> DataSet:
    """3.9 MB of annotations: one huge, the rest many."""
    annotations = {"org.example.huge": "h" * 1_900_000}
    annotations |= {f"org.example.{number:04}": "v" * 980 for number in range(2000)}
    data = DataSet()
    data.add(make.image(annotations=annotations), "large-manifest")
    assert 3_900_000 < len(data.manifests[0].body) <= 4 * 1024 * 1024
    return data


def index(make: Make) -> DataSet:
    data = DataSet()
    data.add(make.platforms(), "index")
    return data


def nested_index(make: Make) -> DataSet:
    data = DataSet()
    data.add(make.index([make.platforms(), make.platforms()]), "nested-index")
    return data


def empty_index(make: Make) -> DataSet:
    data = DataSet()
    # Otherwise all empty indexes of the run would be one and the same.
    data.add(make.index([], annotations={"org.example.name": make.name()}), "empty-index")
    return data


def artifact(make: Make) -> DataSet:
    data = DataSet()
    data.add(make.artifact(PLAIN, [make.blob(media_type=PLAIN)]), "artifact")
    return data


def artifact_index(make: Make) -> DataSet:
    data = DataSet()
    children = [make.artifact(PLAIN, [make.blob(media_type=PLAIN)]), make.artifact(SBOM, [make.blob(media_type=SBOM)])]
    data.add(make.index(children, artifactType=PLAIN), "artifact-index")
    return data


def artifact_without_layers(make: Make) -> DataSet:
    data = DataSet()
    data.add(make.artifact(PLAIN, annotations={"org.example.name": make.name()}), "artifact-without-layers")
    return data


def artifacts_with_subject(make: Make) -> DataSet:
    """An image, a referrer without a type of its own, and two typed, tagged ones."""
    data = DataSet()
    subject = data.add(make.image(), "subject").descriptor()
    data.add(make.image(subject=subject, annotations={"org.example.kind": "plain"}))
    data.add(make.artifact(SBOM, [make.blob(media_type=SBOM)], subject=subject, annotations={"a": "1"}), "sbom")
    data.add(make.artifact(SIGNATURE, subject=subject, annotations={"b": "2", "c": ""}), "signature")
    return data


def index_with_subject(make: Make) -> DataSet:
    data = DataSet()
    subject = data.add(make.platforms(), "subject").descriptor()
    sboms = [make.artifact(SBOM, [make.blob(media_type=SBOM)]) for _ in range(2)]
    data.add(make.index(sboms, subject=subject, artifactType=SBOM, annotations={"a": "1"}), "sboms")
    data.add(make.index([], subject=subject, annotations={"org.example.kind": "plain"}))
    return data


def missing_subject(make: Make) -> DataSet:
    data = DataSet()
    subject = make.image()
    data.add(make.artifact(SBOM, subject=subject.descriptor()), "missing-subject")
    data.absent_subjects.append(subject.digest)
    return data


def data_field(make: Make) -> DataSet:
    layer = make.layer()
    config = make.config([layer])
    content = {
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": config.descriptor(data=embedded(config)),
        "layers": [layer.descriptor(data=embedded(layer))],
    }
    data = DataSet()
    data.add(make.manifest(content, IMAGE, blobs=(config, layer)), "data-field")
    return data


def nondistributable_layers(make: Make) -> DataSet:
    """Two layers that stay where their URLs point: never pushed, and not missing."""
    here, *elsewhere = make.layer(), make.layer(), make.layer()
    config = make.config([here, *elsewhere])
    layers = [here.descriptor()]
    for layer in elsewhere:
        url = f"https://layers.example.com/{layer.digest}"
        layers.append({**layer.descriptor(), "mediaType": NONDISTRIBUTABLE, "urls": [url]})
    content = {"schemaVersion": 2, "mediaType": IMAGE, "config": config.descriptor(), "layers": layers}
    data = DataSet()
    data.add(make.manifest(content, IMAGE, blobs=(config, here)), "nondistributable")
    return data


def custom_fields(make: Make) -> DataSet:
    """Unknown members everywhere, and a layout no serializer would choose: the bytes must be kept."""
    layer = make.layer()
    config = make.config([layer], custom={"nested": [1, 2.50, None, "é"]})
    layer_json = f'{{"digest":"{layer.digest}","size":{len(layer.content)},"mediaType":"{LAYER_GZIP}","custom":[ ]}}'
    config_json = f'{{"mediaType" : "{config.media_type}","size":{len(config.content)},"digest":"{config.digest}"}}'
    body = (
        f'{{ "zeta":1.0e1,\n\t"layers":[ {layer_json} ],"config":{config_json},'
        f'"mediaType":"{IMAGE}","custom":{{"é":"\\u00e9"}},"schemaVersion":2 }}\n'
    )
    data = DataSet()
    data.add(Manifest(body.encode(), IMAGE, make.algorithm, (config, layer)), "custom-fields")
    return data


def no_layers(make: Make) -> DataSet:
    data = DataSet()
    data.add(make.image(0), "no-layers")
    return data


def tag_parameters(make: Make) -> DataSet:
    """Pushed by digest only; two tags on the index, one on each image, all as `?tag=`."""
    first, second = make.image(architecture="amd64"), make.image(architecture="arm64")
    data = DataSet(is_tagged_by_parameter=True)
    data.add(first, "amd64")
    data.add(second, "arm64")
    data.add(make.index([first, second]), "latest", "v1.0.0")
    return data


def sha512(make: Make) -> DataSet:
    """An index and all below it addressed by sha512, without tags."""
    data = DataSet()
    data.add(make.platforms())
    return data


def sparse_image(make: Make) -> DataSet:
    here, absent = make.layer(), make.layer()
    config = make.config([here, absent])
    data = DataSet()
    data.add(make.image([here, absent], config=config, pushed=[config, here]), "sparse-image")
    return data


def sparse_index(make: Make) -> DataSet:
    here, absent = make.image(architecture="amd64"), make.image(architecture="arm64")
    data = DataSet()
    data.add(here)
    whole = make.index([here, absent])
    data.add(Manifest(whole.body, whole.media_type, whole.algorithm, children=(here,)), "sparse-index")
    return data


DATA_SETS: Mapping[str, Callable[[Make], DataSet]] = {
    "image": image,
    "image-uncompressed": image_uncompressed,
    "large-manifest": large_manifest,
    "index": index,
    "nested-index": nested_index,
    "empty-index": empty_index,
    "artifact": artifact,
    "artifact-index": artifact_index,
    "artifact-without-layers": artifact_without_layers,
    "artifacts-with-subject": artifacts_with_subject,
    "index-with-subject": index_with_subject,
    "missing-subject": missing_subject,
    "data-field": data_field,
    "nondistributable-layers": nondistributable_layers,
    "custom-fields": custom_fields,
    "no-layers": no_layers,
    "sparse-image": sparse_image,
    "sparse-index": sparse_index,
    "sha512": sha512,
    "tag-param-sha256": tag_parameters,
    "tag-param-sha512": tag_parameters,
}
