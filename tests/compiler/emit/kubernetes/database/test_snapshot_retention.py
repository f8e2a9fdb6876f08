"""The job that deletes old snapshots runs our image with two rights and no more."""

from __future__ import annotations

import os
import subprocess
import sys

from runtime.maintenance import __main__ as program
from tests.compiler.project import ROOT, documents, emitted, resolved, site

NAME = "configuration-db-retention"
JOB, ROLE, BINDING, ACCOUNT = (
    f"cbp-data/{kind}-{NAME}.yaml" for kind in ("cronjob", "role", "rolebinding", "serviceaccount")
)


def test_it_may_list_and_delete_backups_and_nothing_else() -> None:
    assert emitted(ROLE)["rules"] == [
        {"apiGroups": ["postgresql.cnpg.io"], "resources": ["backups"], "verbs": ["list", "delete"]}
    ]
    assert emitted(BINDING)["subjects"] == [{"kind": "ServiceAccount", "name": NAME, "namespace": "cbp-data"}]
    assert emitted(BINDING)["roleRef"]["name"] == NAME


def test_it_runs_with_the_retention_of_the_specification() -> None:
    """The program itself reads the command line; there is no cluster here for it to ask."""
    (container,) = emitted(JOB)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    python, _, module, *arguments = container["command"]
    assert module == "runtime.maintenance"
    assert f'ENTRYPOINT ["{python}"' in (ROOT / "Containerfile").read_text()
    assert arguments[-2:] == ["--retention-seconds", str(30 * 86400)]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("KUBERNETES_")}
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=outside, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (program.FAILED, "")
    assert "there is no cluster to talk to from here" in done.stdout


def test_its_token_is_its_own_and_short_lived() -> None:
    pod = emitted(JOB)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (volume,) = pod["volumes"]
    token, certificate = volume["projected"]["sources"]
    assert pod["automountServiceAccountToken"] is False
    assert emitted(ACCOUNT)["automountServiceAccountToken"] is False
    assert token == {"serviceAccountToken": {"path": "token", "expirationSeconds": 600}}
    assert certificate["configMap"]["name"] == "kube-root-ca.crt"
    assert pod["containers"][0]["volumeMounts"][0]["mountPath"] == str(program.CREDENTIALS)


def test_a_snapshot_goes_with_its_backup() -> None:
    for name in ("eu-central-1", "eu-west-1"):
        found = documents(site(resolved()["production"], name))
        snapshots = found["cbp-data/cluster-configuration-db.yaml"]["spec"]["backup"]["volumeSnapshot"]
        assert snapshots["snapshotOwnerReference"] == "backup"
        assert JOB in found
