package environment.ignored_field_unowned_test

import data.environment.ignored_field_unowned
import rego.v1

cluster(documents, generators, template) := {
	"environment": {"name": "uat"},
	"cluster": {"name": "one"},
	"documents": documents,
	"argocd": [{"file": "set.yaml", "object": {
		"kind": "ApplicationSet",
		"metadata": {"name": "cbp"},
		"spec": {"generators": generators, "template": {"spec": template}},
	}}],
}

scaler(name) := {"file": "s.yaml", "object": {
	"kind": "ScaledObject",
	"metadata": {"name": name, "namespace": "data"},
	"spec": {"scaleTargetRef": {"kind": "Cluster", "name": "db"}},
}}

instances := {"ignoreDifferences": [{"kind": "Cluster", "jsonPointers": ["/spec/instances"]}]}

messages(document) := {denial.message | some denial in denials} if {
	denials := ignored_field_unowned.deny with input as document
}

test_an_ignored_field_has_exactly_one_owner if {
	messages(cluster([scaler("a")], [], instances)) == set()
	messages(cluster([], [], instances)) == {
		"Argo CD ignores /spec/instances of the Cluster , which 0 autoscalers of this cluster own"
	}
	messages(cluster([scaler("a"), scaler("b")], [], instances)) == {
		"Argo CD ignores /spec/instances of the Cluster , which 2 autoscalers of this cluster own"
	}
}

test_the_template_of_another_cluster_is_not_ours if {
	elsewhere := {"git": {"directories": [{"path": "generated/uat/two/kubernetes"}], "template": {"spec": instances}}}
	messages(cluster([], [elsewhere], {})) == set()
	everywhere := {"git": {"directories": [{"path": "generated/uat/*/kubernetes"}], "template": {"spec": instances}}}
	count(messages(cluster([], [everywhere], {}))) == 1
}

test_a_field_that_is_not_ignored_has_two_owners if {
	messages(cluster([scaler("a")], [], {})) == {
		"Argo CD undoes what the ScaledObject a does to /spec/instances of the Cluster db"
	}
}
