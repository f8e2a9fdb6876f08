package kubernetes.log_rotation_refused_test

import data.kubernetes.log_rotation_refused
import rego.v1

denied(files, size) := {denial.path[4] | some denial in denials} if {
	options := {"max_file": files, "max_size": size}
	spec := {"containers": {"application": {"logging": {"options": options}}}}
	denials := log_rotation_refused.deny with input as {"spec": spec}
}

test_two_files_of_a_megabyte_pass if denied(2, 1048576) == set()

test_one_file_is_denied if denied(1, 1048576) == {"max_file"}

test_less_than_a_megabyte_is_denied if denied(2, 1048575) == {"max_size"}
