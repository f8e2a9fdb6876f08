package access.rights_in_the_whole_cluster_test

import data.access.rights_in_the_whole_cluster
import rego.v1

object_of(kind) := {"documents": [{"file": "o.yaml", "object": {"kind": kind, "metadata": {"name": "o"}}}]}

test_rights_of_a_namespace_pass if {
	rights_in_the_whole_cluster.deny == set() with input as object_of("Role")
	rights_in_the_whole_cluster.deny == set() with input as object_of("RoleBinding")
}

delegation(subjects) := {"documents": [{"file": "b.yaml", "object": {
	"kind": "ClusterRoleBinding",
	"metadata": {"name": "b"},
	"roleRef": {"kind": "ClusterRole", "name": "system:auth-delegator"},
	"subjects": subjects,
}}]}

test_an_account_may_have_tokens_reviewed if {
	rights_in_the_whole_cluster.deny == set() with input as delegation([{"kind": "ServiceAccount", "name": "a"}])
}

test_people_may_not if {
	subjects := [{"kind": "ServiceAccount", "name": "a"}, {"kind": "Group", "name": "g"}]
	denials := rights_in_the_whole_cluster.deny with input as delegation(subjects)
	{denial.message | some denial in denials} == {"the ClusterRoleBinding b gives rights in the whole cluster"}
}

test_roles_and_bindings_of_the_cluster_are_denied if {
	denials := rights_in_the_whole_cluster.deny with input as object_of("ClusterRole")
	{denial.message | some denial in denials} == {"the ClusterRole o gives rights in the whole cluster"}
}
