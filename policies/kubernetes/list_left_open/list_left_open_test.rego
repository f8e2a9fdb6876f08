package kubernetes.list_left_open_test

import data.kubernetes.list_left_open
import rego.v1

messages(object) := {denial.message | some denial in denials} if {
	document := {"file": "o.yaml", "object": object}
	denials := list_left_open.deny with input as {"documents": [document], "argocd": []}
}

test_a_policy_owns_a_list_for_each_of_its_directions if {
	policy := {"kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {"policyTypes": ["Ingress"]}}
	messages(policy) == {"what is added to spec/ingress of the NetworkPolicy p is healed by nobody"}
}

test_a_service_within_the_cluster_needs_no_ranges if {
	messages({"kind": "Service", "metadata": {"name": "s"}, "spec": {}}) == set()
	messages({"kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "LoadBalancer"}}) == {
		"what is added to spec/loadBalancerSourceRanges of the Service s is healed by nobody"
	}
}

test_a_binding_owns_its_subjects if {
	messages({"kind": "RoleBinding", "metadata": {"name": "b"}, "subjects": [{"name": "a"}]}) == set()
	messages({"kind": "RoleBinding", "metadata": {"name": "b"}, "subjects": []}) == {
		"what is added to subjects of the RoleBinding b is healed by nobody"
	}
}
