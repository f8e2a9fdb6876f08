package lib.kubernetes_test

import data.lib.kubernetes
import rego.v1

workload(kind, spec) := {"documents": [{"file": "a.yaml", "object": {
	"kind": kind,
	"metadata": {"name": "a", "namespace": "n"},
	"spec": spec,
}}]}

pod := {"initContainers": [{"name": "proxy"}], "containers": [{"name": "configuration-api"}, {"name": "other"}]}

test_every_kind_of_workload_makes_pods if {
	pointers := {"Deployment": "/spec/template/spec", "CronJob": "/spec/jobTemplate/spec/template/spec", "Pod": "/spec"}
	specs := {
		"Deployment": {"template": {"spec": pod}},
		"CronJob": {"jobTemplate": {"spec": {"template": {"spec": pod}}}},
		"Pod": pod,
	}
	every kind, pointer in pointers {
		pods := kubernetes.pods with input as workload(kind, specs[kind])
		{[item.pointer, item.spec] | some item in pods} == {[pointer, pod]}
	}
}

test_a_service_makes_none if {
	kubernetes.pods == set() with input as workload("Service", {"template": {"spec": pod}})
}

test_init_containers_are_containers_and_each_knows_its_origin if {
	containers := kubernetes.containers with input as workload("Job", {"template": {"spec": pod}})
	{[container.pointer, container.path] | some container in containers} == {
		["/spec/template/spec/initContainers/0", ["containers", "sidecar", "proxy"]],
		["/spec/template/spec/containers/0", ["containers", "application"]],
		["/spec/template/spec/containers/1", ["containers"]],
	}
}

test_a_selector_matches_where_all_of_it_does if {
	kubernetes.selects({"app": "a"}, {"app": "a", "tier": "b"})
	selected := {labels | some labels in [{"app": "b"}, {}, {"tier": "a"}]; kubernetes.selects({"app": "a"}, labels)}
	selected == set()
}

test_an_empty_selector_selects_nothing_on_purpose if {
	{labels | some labels in [{"app": "a"}]; kubernetes.selects({}, labels)} == set()
}

made(kind) := {"file": "m.yaml", "object": {"kind": kind, "metadata": {"name": "db", "namespace": "data"}}}

test_operators_make_pods_of_what_is_rendered if {
	found := kubernetes.selectable with input as {"documents": [made("Cluster"), made("RedisSentinel")]}
	labels := {item.labels | some item in found; item.namespace == "data"}
	labels == {
		{"cnpg.io/cluster": "db", "cnpg.io/podRole": "instance"},
		{"cnpg.io/cluster": "db", "cnpg.io/jobRole": "join"},
		{"app": "db-sentinel", "role": "sentinel"},
	}
}

test_objects_are_found_by_kind_and_namespace if {
	documents := {"documents": [made("Cluster"), made("RedisSentinel")]}
	found := kubernetes.of("Cluster", "data") with input as documents
	{item.kind | some item in found} == {"Cluster"}
	kubernetes.of("Cluster", "web") == set() with input as documents
}

test_the_labels_of_pods_are_found_by_namespace if {
	documents := {"documents": [made("RedisSentinel")]}
	{{"app": "db-sentinel", "role": "sentinel"}} == kubernetes.labels_in("data") with input as documents
	kubernetes.labels_in("web") == set() with input as documents
}

test_the_pods_of_a_workload_may_be_selected_by_their_labels if {
	template := {"metadata": {"labels": {"app": "api"}}, "spec": {}}
	{{"app": "api"}} == kubernetes.labels_in("n") with input as workload("Deployment", {"template": template})
}

test_an_operator_s_resource_holds_containers_in_fields_of_its_own if {
	resources := {"limits": {"cpu": 1}}
	found := kubernetes.containers with input as workload("RedisReplication", {
		"podSecurityContext": {"runAsNonRoot": true},
		"kubernetesConfig": {"image": "i", "resources": resources},
		"redisExporter": {"enabled": false, "image": "e"},
		"sidecars": [{"name": "proxy", "image": "p"}],
	})
	{[item.name, item.fields, kubernetes.at(item, "image"), item.installed] | some item in found} == {
		["redis", {"name": "redis", "image": "i", "resources": resources}, "/spec/kubernetesConfig/image", false],
		["init-config", {"name": "init-config", "resources": resources}, "/spec/image", true],
		["proxy", {"name": "proxy", "image": "p"}, "/spec/sidecars/0/image", false],
	}
}

test_an_operator_s_defaults_hold_where_a_field_is_left_out if {
	found := kubernetes.containers with input as workload("Cluster", {"securityContext": {"readOnlyRootFilesystem": false}})
	{item.fields.securityContext.readOnlyRootFilesystem | some item in found} == {false}
	defaults := kubernetes.containers with input as workload("Cluster", {"imageName": "i"})
	{item.fields.securityContext.readOnlyRootFilesystem | some item in defaults} == {true}
}

test_the_cluster_that_a_restore_test_makes_has_pods_although_it_is_in_a_config_map if {
	manifest := `{"kind": "Cluster", "metadata": {"name": "copy", "namespace": "data"}, "spec": {"instances": 1}}`
	documents := {"documents": [{"file": "m.yaml", "object": {
		"kind": "ConfigMap",
		"metadata": {"name": "test", "namespace": "data"},
		"data": {"cluster.json": manifest},
	}}]}
	found := kubernetes.restored with input as documents
	{[item.name, item.namespace, item.held_in, item.spec] | some item in found} == {["copy", "data", "test", {"instances": 1}]}
	labels := {"cnpg.io/cluster": "copy", "cnpg.io/podRole": "instance"}
	count({labels} - kubernetes.labels_in("data")) == 0 with input as documents
}
