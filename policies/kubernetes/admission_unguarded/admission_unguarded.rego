# METADATA
# title: Nothing in the cluster refuses what no rule has judged
# description: >-
#   Rules judge files. Pods and Secrets come from operators and people too, and a label makes any namespace part of a
#   zone. A policy of the API server judges those, where its binding denies and its own failure refuses.
# custom:
#   id: K8S044
#   severity: error
#   owner: security
#   remediation: >-
#     Render a ValidatingAdmissionPolicy for the resource that fails closed, and a binding to every zone that denies.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package kubernetes.admission_unguarded

import data.lib.kubernetes
import rego.v1

# The namespaces that are guarded: all but that of management, which belongs to the platform. A namespace without the label
# of its zone is among them: no binding selects it.
spaces contains space if {
	some space in kubernetes.objects
	space.kind == "Namespace"
	object.get(space.labels, "cbp.bank/zone", "") != "management"
}

names := {space.name | some space in spaces}

guarded := {"namespaces", "pods", "secrets"}

# Development may run images by tag.
examined contains resource if {
	some resource in guarded
	{[input.environment.stage, resource]} != {["development", "pods"]}
}

# The resources that a policy judges when they are created.
judged contains [name, resource] if {
	some policy in kubernetes.objects
	policy.kind == "ValidatingAdmissionPolicy"
	name := policy.name
	object.get(policy.spec, "failurePolicy", "Fail") == "Fail"
	count(object.get(policy.spec, "validations", [])) > 0
	some rule in object.get(policy.spec, ["matchConstraints", "resourceRules"], [])
	"CREATE" in rule.operations
	some resource in rule.resources
}

# The namespaces in which a binding denies what its policy refuses.
denied contains [name, space] if {
	some binding in kubernetes.objects
	binding.kind == "ValidatingAdmissionPolicyBinding"
	"Deny" in binding.spec.validationActions
	name := binding.spec.policyName
	selector := object.get(binding.spec, ["matchResources", "namespaceSelector"], {})
	some candidate in spaces
	selected(selector, candidate)
	space := candidate.name
}

selected(selector, _) if selector == {}

selected(selector, space) if {
	some expression in selector.matchExpressions
	expression.operator == "In"
	space.labels[expression.key] in expression.values
}

refused(resource) := {space |
	some [name, found] in judged
	found == resource
	some [other, space] in denied
	other == name
}

deny contains denial if {
	some resource in examined
	some space in spaces
	space.name in names - refused(resource)
	denial := {
		"id": "K8S044",
		"message": sprintf("no policy judges %s that are created in %s", [resource, space.name]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": space.file,
	}
}
