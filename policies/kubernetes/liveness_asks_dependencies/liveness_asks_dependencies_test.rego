package kubernetes.liveness_asks_dependencies_test

import data.kubernetes.liveness_asks_dependencies
import rego.v1

pod(live, ready) := {
	"settings": {"process": {"ready_path": "/health/ready"}},
	"documents": [{"file": "p.yaml", "object": {
		"kind": "Pod",
		"metadata": {"name": "p"},
		"spec": {"containers": [{
			"name": "proxy",
			"livenessProbe": {"httpGet": {"path": live}},
			"readinessProbe": {"httpGet": {"path": ready}},
		}]},
	}}],
}

test_two_questions_pass if liveness_asks_dependencies.deny == set() with input as pod("/live", "/ready")

test_one_question_for_both_is_denied if {
	denials := liveness_asks_dependencies.deny with input as pod("/ready", "/ready")
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/containers/0/livenessProbe/httpGet/path",
		"the container proxy is restarted where /ready fails, which is asked for readiness",
	]}
}

test_the_path_of_the_dependencies_is_denied_whatever_readiness_asks if {
	count(liveness_asks_dependencies.deny) == 1 with input as pod("/health/ready", "/ready")
}
