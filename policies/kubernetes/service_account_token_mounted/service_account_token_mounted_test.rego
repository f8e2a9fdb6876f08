package kubernetes.service_account_token_mounted_test

import data.kubernetes.service_account_token_mounted
import rego.v1

test_a_pod_that_does_not_refuse_the_token_is_denied if {
	job := {"kind": "Job", "metadata": {"name": "j"}, "spec": {"template": {"spec": {"containers": []}}}}
	denials := service_account_token_mounted.deny with input as {"documents": [{"file": "j.yaml", "object": job}]}
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/template/spec",
		"the pods of the Job j mount a token of the cluster's API",
	]}
}
