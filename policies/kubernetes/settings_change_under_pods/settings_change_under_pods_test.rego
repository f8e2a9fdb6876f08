package kubernetes.settings_change_under_pods_test

import data.kubernetes.settings_change_under_pods
import rego.v1

denied(kind, map, volume) := {[denial.pointer, denial.message] | some denial in denials} if {
	workload := {"kind": kind, "metadata": {"name": "w", "namespace": "n"}, "spec": {"template": {"spec": {"volumes": [volume]}}}}
	held := object.union({"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}}, map)
	documents := [{"file": "w.yaml", "object": workload}, {"file": "c.yaml", "object": held}]
	denials := settings_change_under_pods.deny with input as {"documents": documents}
}

settings := {"data": {"settings.json": "{}"}}

mounted := {"configMap": {"name": "c"}}

projected := {"projected": {"sources": [{"secret": {"name": "s"}}, mounted]}}

test_settings_of_its_own_pass if denied("Deployment", object.union(settings, {"immutable": true}), mounted) == set()

test_certificates_are_read_again if denied("Deployment", {"data": {"a.crt": "pem", "b.crt": "pem"}}, mounted) == set()

test_jobs_run_once if denied("Job", settings, mounted) == set()

test_settings_that_change_are_denied if {
	message := "the pods of the Deployment w mount the ConfigMap c, which changes under those of the release before"
	denied("Deployment", settings, mounted) == {["/spec/template/spec/volumes/0/configMap/name", message]}
}

test_a_projected_volume_is_seen if {
	message := "the pods of the StatefulSet w mount the ConfigMap c, which changes under those of the release before"
	pointer := "/spec/template/spec/volumes/0/projected/sources/1/configMap/name"
	denied("StatefulSet", settings, projected) == {[pointer, message]}
}
