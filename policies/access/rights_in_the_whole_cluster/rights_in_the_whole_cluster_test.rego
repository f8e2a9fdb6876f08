package access.rights_in_the_whole_cluster_test

import data.access.rights_in_the_whole_cluster
import rego.v1

object_of(kind) := {"documents": [{"file": "o.yaml", "object": {"kind": kind, "metadata": {"name": "o"}}}]}

test_rights_of_a_namespace_pass if {
	rights_in_the_whole_cluster.deny == set() with input as object_of("Role")
	rights_in_the_whole_cluster.deny == set() with input as object_of("RoleBinding")
}

reviewers(resources) := {"file": "r.yaml", "object": {
	"kind": "ClusterRole",
	"metadata": {"name": "reviewers"},
	"rules": [{"apiGroups": ["authentication.k8s.io"], "resources": resources, "verbs": ["create"]}],
}}

delegation(resources, name, subjects) := {"documents": [reviewers(resources), {"file": "b.yaml", "object": {
	"kind": "ClusterRoleBinding",
	"metadata": {"name": "b"},
	"roleRef": {"kind": "ClusterRole", "name": name},
	"subjects": subjects,
}}]}

account := {"kind": "ServiceAccount", "name": "a"}

test_an_account_may_have_tokens_reviewed if {
	document := delegation(["tokenreviews"], "reviewers", [account])
	rights_in_the_whole_cluster.deny == set() with input as document
}

test_an_account_may_not_ask_what_others_may_do if {
	document := delegation(["tokenreviews"], "system:auth-delegator", [account])
	denials := rights_in_the_whole_cluster.deny with input as document
	{denial.message | some denial in denials} == {"the ClusterRoleBinding b gives rights in the whole cluster"}
}

test_a_role_with_one_right_more_is_denied_with_its_binding if {
	document := delegation(["selfsubjectreviews", "tokenreviews"], "reviewers", [account])
	denials := rights_in_the_whole_cluster.deny with input as document
	{denial.file | some denial in denials} == {"r.yaml", "b.yaml"}
}

test_people_may_not if {
	document := delegation(["tokenreviews"], "reviewers", [account, {"kind": "Group", "name": "g"}])
	denials := rights_in_the_whole_cluster.deny with input as document
	{denial.message | some denial in denials} == {"the ClusterRoleBinding b gives rights in the whole cluster"}
}

test_roles_and_bindings_of_the_cluster_are_denied if {
	denials := rights_in_the_whole_cluster.deny with input as object_of("ClusterRole")
	{denial.message | some denial in denials} == {"the ClusterRole o gives rights in the whole cluster"}
}
