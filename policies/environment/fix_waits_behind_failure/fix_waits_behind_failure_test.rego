package environment.fix_waits_behind_failure_test

import data.environment.fix_waits_behind_failure
import rego.v1

project(argocd, documents) := {"argocd": argocd, "documents": documents}

application(retry) := {"file": "a.yaml", "object": {
	"kind": "Application",
	"metadata": {"name": "delivery"},
	"spec": {"syncPolicy": {"retry": retry}},
}}

messages(document) := {denial.message | some denial in denials} if {
	denials := fix_waits_behind_failure.deny with input as document
}

test_a_retry_takes_the_newest_commit if {
	messages(project([application({"refresh": true})], [])) == set()
	messages(project([application({"limit": 5})], [])) == {
		"the Application delivery tries a failed sync again without looking for a newer commit"
	}
}

test_nothing_waits_for_a_confirmation if {
	document := {"file": "n.yaml", "object": {
		"kind": "Namespace",
		"metadata": {"name": "n", "annotations": {"argocd.argoproj.io/sync-options": "Prune=false,Delete=confirm"}},
	}}
	messages(project([], [document])) == {"the Namespace n has Argo CD wait for a confirmation at one commit"}
}
