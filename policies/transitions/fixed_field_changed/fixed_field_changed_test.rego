package transitions.fixed_field_changed_test

import data.transitions.fixed_field_changed
import rego.v1

class(parameters) := {"kind": "StorageClass", "metadata": {"name": "fast"}, "parameters": parameters}

compared(parameters) := {
	"documents": [{"file": "c", "object": class(parameters)}],
	"before": {"documents": {"c": class({"a/b": "1", "c": ["2"]})}},
}

test_fields_that_stay_pass if fixed_field_changed.deny == set() with input as compared({"a/b": "1", "c": ["2"]})

test_changed_removed_and_added_values_are_denied if {
	denials := fixed_field_changed.deny with input as compared({"a/b": "3", "d": true})
	{[denial.pointer, denial.before, denial.after] | some denial in denials} == {
		["/parameters/a~1b", "1", "3"],
		["/parameters/c/0", "2", "absent"],
		["/parameters/d", "absent", "true"],
	}
}

attributes(speed) := {"kind": "VolumeAttributesClass", "metadata": {"name": "c"}, "parameters": {"iops": speed}}

test_the_speed_of_a_class_of_attributes_is_fixed if {
	denials := fixed_field_changed.deny with input as {
		"documents": [{"file": "c", "object": attributes("4000")}],
		"before": {"documents": {"c": attributes("3000")}},
	}
	{denial.pointer | some denial in denials} == {"/parameters/iops"}
}

job(annotations, image) := {
	"kind": "Job",
	"metadata": {"name": "m", "annotations": annotations},
	"spec": {"template": {"spec": {"containers": [{"image": image}]}}},
}

job_changed(annotations) := {
	"documents": [{"file": "j.yaml", "object": job(annotations, "new")}],
	"before": {"documents": {"j.yaml": job(annotations, "old")}},
}

test_a_hook_that_is_deleted_before_it_is_created_again_may_change if {
	{annotations |
		some annotations in [{}, {"argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation"}]
		count(fixed_field_changed.deny) > 0 with input as job_changed(annotations)
	} == {{}}
}
