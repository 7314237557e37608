"""Real clients against the real server: what a person types, with the programs they have.

| file | client |
|---|---|
| `test_skopeo.py` `test_umoci.py` | copies without an engine: formats, lists, OCI layouts |
| `test_podman.py` `test_buildah.py` | build, push, pull and run without a daemon |
| `test_docker.py` `test_containerd.py` | the two daemons, each started by the test with folders of its own |
| `test_oras.py` | artifacts that are no images |
| `test_across.py` `test_debian_base.py` | pushed by one client, run by another |
| `test_refusals.py` | what a person reads when the answer is no |

`ENTREPOT_CLIENTS_URL=http://USER:PASSWORD@HOST:PORT` runs the same tests against some other registry
(`https://` together with `ENTREPOT_CLIENTS_AUTHORITY=ca.pem`): to see whether a failure is the client's
own. Tests of our permissions are skipped there.
"""
