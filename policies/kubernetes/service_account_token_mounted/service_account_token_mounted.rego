# METADATA
# title: A pod mounts a token of the cluster's API that it does not need
# description: >-
#   Kubernetes mounts a token of its API into every pod that does not refuse it. A reader of that one file can then
#   use the API server in the pod's name.
# custom:
#   id: K8S017
#   severity: error
#   owner: security
#   remediation: Set automountServiceAccountToken to false in the pod.
#   section: Infrastructure Security, 2. Access Control
package kubernetes.service_account_token_mounted

import data.lib.kubernetes
import data.workloads
import rego.v1

# Pods that call the API server have a token, and the table of workloads says why.
examined contains pod if {
	some pod in kubernetes.pods
	object.get(workloads.kinds, [pod.kind, "token"], "") == ""
}

deny contains denial if {
	some pod in examined
	object.get(pod.spec, "automountServiceAccountToken", true) != false
	denial := {
		"id": "K8S017",
		"message": sprintf("the pods of the %s %s mount a token of the cluster's API", [pod.kind, pod.name]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": pod.file,
		"pointer": pod.pointer,
	}
}
