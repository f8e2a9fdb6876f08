package kubernetes.readiness_gated_too_late_test

import data.kubernetes.readiness_gated_too_late
import rego.v1

applied(kind, wave, namespace) := {"file": sprintf("%s.yaml", [kind]), "object": {"kind": kind, "metadata": {
	"name": "api",
	"namespace": namespace,
	"annotations": {"argocd.argoproj.io/sync-wave": wave},
}}}

test_an_earlier_wave_passes if {
	documents := [applied("Ingress", "2", "a"), applied("Service", "2", "a"), applied("Deployment", "3", "a")]
	readiness_gated_too_late.deny == set() with input as {"documents": documents}
}

test_the_same_wave_is_too_late if {
	documents := [applied("Ingress", "2", "a"), applied("Service", "3", "a"), applied("Deployment", "3", "a")]
	denials := readiness_gated_too_late.deny with input as {"documents": documents}
	{denial.message | some denial in denials} == {concat("", [
		"the Service api is applied in wave 3, ",
		"and the pods behind it start in wave 3",
	])}
}

test_another_namespace_is_no_concern if {
	documents := [applied("Ingress", "4", "a"), applied("Deployment", "3", "b")]
	readiness_gated_too_late.examined == set() with input as {"documents": documents}
}
