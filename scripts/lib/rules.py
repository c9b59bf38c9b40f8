"""What must hold for every environment that Terraform makes, whatever its file says. Each rule takes the resources of
an environment and yields what breaks it, in words."""

import json
import re
from collections.abc import Iterator
from functools import cache, reduce

# Statements that may name every resource, because AWS has nothing narrower for their actions.
ANY_RESOURCE = {
    "NetworkInterfaces": "ec2:*NetworkInterface* of a function in a VPC: the interface does not exist yet",
    "WriteTraces": "xray:PutTraceSegments has no resource",
    "Unnamed": "cloudwatch's lists and figures are asked for by prefix and by name",
    "LookAtAlarms": "cloudwatch:DescribeAlarms is a list",
    "RegistryLogin": "ecr:GetAuthorizationToken is the registry's, not a repository's",
    "WriteLog": "logs:*LogDelivery of a state machine: deliveries have no ARN",
    "FindLog": "logs:DescribeLogGroups is a list",
}
# What prod has and the environments that are prod in small do not.
ONLY_PROD = {
    "aws_emrserverless_application",
    "aws_flow_log",
    "aws_s3_bucket_replication_configuration",
}
# What they have and prod does not: they sleep.
ONLY_SMALL = {"aws_scheduler_schedule", "aws_scheduler_schedule_group"}

Resource = dict


def of(resources: list[Resource], *types: str) -> list[Resource]:
    """The resources of these types."""
    return [resource for resource in resources if resource["type"] in types]


def statements(document: str | None) -> list[dict]:
    """The statements of a policy."""
    found = json.loads(document or "{}").get("Statement", [])
    return found if isinstance(found, list) else [found]


def as_list(value: object) -> list:
    """IAM writes one thing without a list."""
    return value if isinstance(value, list) else [value]


@cache
def pattern(text: str) -> re.Pattern:
    """What IAM means by a pattern: * is anything, ? one character, and nothing else is special."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."))


def covers(one: dict, action: str, resource: str) -> bool:
    """Whether a statement is about this action on this resource, conditions aside."""
    named = "Action" in one and any(pattern(each.lower()).fullmatch(action.lower()) for each in as_list(one["Action"]))
    return named and any(pattern(each).fullmatch(resource) for each in as_list(one["Resource"]))


def allows(policy: str, action: str, resource: str) -> bool:
    """Whether a policy allows this at all: something permits it, and nothing refuses it whatever the circumstances."""
    about = [one for one in statements(policy) if covers(one, action, resource)]
    refused = any(one["Effect"] == "Deny" and not one.get("Condition") for one in about)
    return any(one["Effect"] == "Allow" for one in about) and not refused


def is_anyone(principal: object) -> bool:
    """Whether a principal is everybody."""
    return principal == "*" or (isinstance(principal, dict) and "*" in sum((as_list(v) for v in principal.values()), []))


def nothing_is_public(resources: list[Resource]) -> Iterator[str]:
    """No bucket, server, port, queue, topic or function is open to the world; the HTTP API is, and asks for keys."""
    blocks = {block["values"]["bucket"]: block["values"] for block in of(resources, "aws_s3_bucket_public_access_block")}
    for bucket in of(resources, "aws_s3_bucket"):
        block = blocks.get(bucket["values"]["bucket"], {})
        for setting in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
            if not block.get(setting):
                yield f"{bucket['address']} lacks {setting}"
    for server in of(resources, "aws_db_instance"):
        if server["values"]["publicly_accessible"]:
            yield f"{server['address']} is public"
    for balancer in of(resources, "aws_lb"):
        if not balancer["values"]["internal"]:
            yield f"{balancer['address']} has a public address"
    for rule in of(resources, "aws_vpc_security_group_ingress_rule"):
        if rule["values"].get("cidr_ipv4") or rule["values"].get("cidr_ipv6"):
            yield f"{rule['address']} lets addresses in instead of a group"
    for group in of(resources, "aws_security_group", "aws_default_security_group"):
        if group["values"].get("ingress"):
            yield f"{group['address']} has rules inline"
    for policy in of(resources, "aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy"):
        for statement in statements(policy["values"]["policy"]):
            if statement["Effect"] == "Allow" and is_anyone(statement.get("Principal")):
                yield f"{policy['address']} allows everybody"
    for permission in of(resources, "aws_lambda_permission"):
        if permission["values"]["principal"] == "*" or not permission["values"].get("source_arn"):
            yield f"{permission['address']} lets anybody call, or does not say from where"
        if not permission["values"].get("qualifier"):
            yield f"{permission['address']} is not for the alias"
    for url in of(resources, "aws_lambda_function_url"):
        if url["values"]["authorization_type"] == "NONE":
            yield f"{url['address']} is open"


def everything_is_encrypted(resources: list[Resource]) -> Iterator[str]:
    """At rest: buckets, servers, queues, topics, parameters; tables always are. On the way: buckets and topics refuse what is
    not TLS."""
    encrypted = {one["values"]["bucket"] for one in of(resources, "aws_s3_bucket_server_side_encryption_configuration")}
    closed = {one["values"]["bucket"]: one["values"]["policy"] for one in of(resources, "aws_s3_bucket_policy")}
    for bucket in of(resources, "aws_s3_bucket"):
        name = bucket["values"]["bucket"]
        if name not in encrypted:
            yield f"{bucket['address']} is not encrypted"
        if not refuses_plaintext(closed.get(name)):
            yield f"{bucket['address']} takes requests without TLS"
    closed_topics = {one["values"]["arn"]: one["values"]["policy"] for one in of(resources, "aws_sns_topic_policy")}
    alarmed = {topic for one in of(resources, "aws_cloudwatch_metric_alarm") for topic in one["values"]["alarm_actions"] or []}
    for topic in of(resources, "aws_sns_topic"):
        # CloudWatch cannot publish with the key that AWS manages: modules/observability, topic.tf.
        if not topic["values"].get("kms_master_key_id") and topic["values"]["arn"] not in alarmed:
            yield f"{topic['address']} is not encrypted"
        if not refuses_plaintext(closed_topics.get(topic["values"]["arn"])):
            yield f"{topic['address']} takes messages without TLS"
    for server in of(resources, "aws_db_instance"):
        if not server["values"]["storage_encrypted"] and not server["values"].get("replicate_source_db"):
            yield f"{server['address']} is not encrypted"
    for group in of(resources, "aws_db_parameter_group"):
        if {"name": "rds.force_ssl", "value": "1"} not in [
            {"name": p["name"], "value": p["value"]} for p in group["values"]["parameter"]
        ]:
            yield f"{group['address']} takes sessions without TLS"
    for queue in of(resources, "aws_sqs_queue"):
        if not queue["values"].get("sqs_managed_sse_enabled") and not queue["values"].get("kms_master_key_id"):
            yield f"{queue['address']} is not encrypted"
    for parameter in of(resources, "aws_ssm_parameter"):
        if parameter["values"]["type"] != "SecureString":
            yield f"{parameter['address']} is not a SecureString"


def refuses_plaintext(policy: str | None) -> bool:
    """Whether a policy denies everybody everything without TLS."""
    return any(
        statement["Effect"] == "Deny"
        and is_anyone(statement.get("Principal"))
        and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") in ("false", ["false"])
        for statement in statements(policy)
    )


def roles_are_narrow(resources: list[Resource]) -> Iterator[str]:
    """Every role has statements with a name, for named resources and actions."""
    for policy in of(resources, "aws_iam_role_policy", "aws_iam_policy"):
        for statement in statements(policy["values"]["policy"]):
            sid = statement.get("Sid", "")
            where = f"{policy['address']}, statement {sid or 'without a name'}"
            if not sid:
                yield f"{where}: say what it is for"
            if statement["Effect"] != "Allow":
                continue
            if "*" in as_list(statement["Resource"]) and sid not in ANY_RESOURCE:
                yield f"{where}: every resource"
            for action in as_list(statement["Action"]):
                if action == "*" or action.endswith(":*"):
                    yield f"{where}: {action}"
    for attachment in of(resources, "aws_iam_role_policy_attachment"):
        yield f"{attachment['address']}: a policy of somebody else's"
    shared = [function["values"]["role"] for function in of(resources, "aws_lambda_function")]
    for role in {role for role in shared if shared.count(role) > 1}:
        yield f"{role} is the role of several functions"


def nothing_is_lost(resources: list[Resource]) -> Iterator[str]:
    """Every queue that is worked on has dead letters, and hides a message long enough."""
    queues = of(resources, "aws_sqs_queue")
    dead = {json.loads(q["values"]["redrive_policy"])["deadLetterTargetArn"] for q in queues if q["values"].get("redrive_policy")}
    # Where calls end that a schedule could not make.
    dead |= {config["arn"] for one in of(resources, "aws_scheduler_schedule") for target in one["values"]["target"] for config in target["dead_letter_config"]}
    for queue in queues:
        values = queue["values"]
        if not values.get("redrive_policy") and values["arn"] not in dead:
            yield f"{queue['address']} has no dead letters"
    functions = {function["values"]["function_name"]: function["values"] for function in of(resources, "aws_lambda_function")}
    by_arn = {queue["values"]["arn"]: queue["values"] for queue in queues}
    mappings = of(resources, "aws_lambda_event_source_mapping")
    if not mappings:
        yield "nothing is loaded: there is no event mapping"
    for mapping in mappings:
        name = mapping["values"]["function_name"]
        function = next(values for known, values in functions.items() if f":{known}:" in f"{name}:" or known == name)
        wanted = 6 * function["timeout"] + (mapping["values"].get("maximum_batching_window_in_seconds") or 0)
        if by_arn[mapping["values"]["event_source_arn"]]["visibility_timeout_seconds"] < wanted:
            yield f"{mapping['address']}: the queue must hide a message for {wanted} s"
        if "ReportBatchItemFailures" not in mapping["values"]["function_response_types"]:
            yield f"{mapping['address']}: one failure fails all"
        if not name.endswith(":live"):
            yield f"{mapping['address']} is not on the alias"


def alarms_tell_somebody(resources: list[Resource]) -> Iterator[str]:
    """Every alarm acts when it goes off and when it is over, and says what to read."""
    for alarm in of(resources, "aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"):
        if not alarm["values"]["alarm_actions"] or not alarm["values"]["ok_actions"]:
            yield f"{alarm['address']} tells nobody"
        if "/runbooks/" not in (alarm["values"]["alarm_description"] or ""):
            yield f"{alarm['address']} does not say what to read"


NAMED = {
    "aws_batch_compute_environment",
    "aws_batch_job_queue",
    "aws_ecs_cluster",
    "aws_ecs_service",
    "aws_cloudwatch_event_rule",
    "aws_db_instance",
    "aws_dynamodb_table",
    "aws_emrserverless_application",
    "aws_iam_role",
    "aws_lambda_function",
    "aws_s3_bucket",
    "aws_sfn_state_machine",
    "aws_sns_topic",
    "aws_sqs_queue",
}


def names_are_its_own(resources: list[Resource], name: str) -> Iterator[str]:
    """What has a name begins with the environment's, so that roles can be held to it."""
    for resource in resources:
        for key in ("function_name", "bucket", "name", "identifier", "queue_name"):
            value = resource["values"].get(key)
            if resource["type"] in NAMED:
                if isinstance(value, str) and value and not value.startswith(f"{name}-") and value != name:
                    yield f"{resource['address']}: {key} is {value}"


def releases_come_back(resources: list[Resource]) -> Iterator[str]:
    """A machine brings releases out; one that did not end by itself is started again to put its aliases back, and its end is
    told."""
    machines = {machine["values"]["arn"]: machine["values"] for machine in of(resources, "aws_sfn_state_machine") if machine["values"]["name"].endswith("-release")}
    if len(machines) != 1:
        yield f"there are {len(machines)} machines for releases"
        return
    arn, machine = next(iter(machines.items()))
    settings = json.loads(machine["definition"])["States"]["Read the order"]["Assign"]["settings"]
    if settings["functions"] != {name.removeprefix(settings["alarm_prefix"]): name for name in named(resources, "aws_lambda_function", "function_name")}:
        yield "the machine moves other functions than there are"
    if settings["locks"] not in named(resources, "aws_dynamodb_table", "name"):
        yield "the machine's lock is in no table of the environment's"
    if settings["topic"] not in named(resources, "aws_sns_topic", "arn"):
        yield "the machine tells no topic of the environment's"
    watched = set()
    targets = {target["values"]["rule"]: target["values"] for target in of(resources, "aws_cloudwatch_event_target")}
    for rule in of(resources, "aws_cloudwatch_event_rule"):
        target = targets.get(rule["values"]["name"], {})
        # One that keeps to the clock has no pattern.
        looks = json.loads(rule["values"]["event_pattern"] or "{}").get("detail", {})
        if rule["values"].get("state") not in (None, "ENABLED") or target.get("arn") != arn or arn not in looks.get("stateMachineArn", []):
            continue
        ended = f"{arn}:ended".replace(":stateMachine:", ":execution:")
        order = transformed(target, {"detail": {"executionArn": ended}})
        if order == json.dumps({"recover": True, "stopped": ended}, separators=(",", ":")):
            watched |= set(looks["status"])
        # The input is a text to the pattern, so only how it begins can tell a recovery from a release.
        if not any(order.startswith(each["anything-but"]["prefix"]) for each in looks.get("input", [])):
            yield f"{rule['address']} answers a recovery that fails with another one, for ever"
    for end in sorted({"ABORTED", "FAILED", "TIMED_OUT"} - watched):
        yield f"a release that ends as {end} is not put back"
    if machine["logging_configuration"][0]["level"] not in ("ERROR", "ALL"):
        yield "the machine's errors are not logged"
    if machine["logging_configuration"][0]["include_execution_data"]:
        yield "the machine logs what it is given"


def transformed(target: dict, event: dict) -> str:
    """What EventBridge gives a target for an event; nothing where the target has no transformer."""
    for transformer in target.get("input_transformer") or []:
        text = transformer["input_template"]
        for name, path in transformer["input_paths"].items():
            text = text.replace(f"<{name}>", reduce(dict.__getitem__, path.removeprefix("$.").split("."), event))
        return text
    return ""


def named(resources: list[Resource], kind: str, key: str) -> set[str]:
    """One value of all resources of a type."""
    return {resource["values"][key] for resource in of(resources, kind)}


def only_versions_are_deleted(resources: list[Resource]) -> Iterator[str]:
    """One role removes old versions. None removes a function, the code in hand, an alias, or another environment's."""
    policies = {policy["address"]: policy["values"]["policy"] for policy in of(resources, "aws_iam_role_policy")}
    functions = of(resources, "aws_lambda_function")
    for function in functions:
        whole = function["values"]["arn"]
        for address, policy in policies.items():
            for kept in (whole, f"{whole}:$LATEST", f"{whole}:live", re.sub(r"function:[a-z]+-", "function:others-", whole) + ":1"):
                if allows(policy, "lambda:DeleteFunction", kept):
                    yield f"{address} may delete {kept}"
        removers = [address for address, policy in policies.items() if allows(policy, "lambda:DeleteFunction", f"{whole}:12")]
        if len(removers) != 1 or '"release"' not in removers[0]:
            yield f"old versions of {whole} are removed by {removers or 'nobody'}"


def boundaries_are_wide_enough(resources: list[Resource], boundary: str) -> Iterator[str]:
    """What a role is given, the boundary that it is made under lets it do: AWS says nothing about the rest until it is
    tried."""
    for policy in of(resources, "aws_iam_role_policy"):
        for statement in statements(policy["values"]["policy"]):
            if statement["Effect"] != "Allow":
                continue
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    # Where a role names everything, the boundary may name less, as with network interfaces.
                    named = [each for one in statements(boundary) for each in as_list(one["Resource"])] if resource == "*" else [resource]
                    # The stand-in for AWS makes up ARNs of parameters with a slash too many.
                    if not any(allows(boundary, action, each.replace(":parameter//", ":parameter/")) for each in named):
                        yield f"{policy['address']}, statement {statement['Sid']}: the boundary keeps {action} on {resource} back"


def loads_as_tasks_are_intakes(resources: list[Resource]) -> Iterator[str]:
    """Loads run as tasks where nobody looks after machines; intake alone submits them, to the queues that there are."""
    environments = of(resources, "aws_batch_compute_environment")
    for environment in environments:
        for where in environment["values"]["compute_resources"]:
            if not where["type"].startswith("FARGATE"):
                yield f"{environment['address']} is made of machines that somebody has to look after"
    queues = {queue["values"]["name"] for queue in of(resources, "aws_batch_job_queue")}
    for function in of(resources, "aws_lambda_function"):
        if not function["values"]["function_name"].endswith("-intake"):
            continue
        told = {value for key, value in function["values"]["environment"][0]["variables"].items() if key.startswith("WAYBILL_BULK_QUEUE_")}
        if told != queues:
            yield f"{function['address']} is told of the queues {sorted(told)}, and there are {sorted(queues)}"
    for policy in of(resources, "aws_iam_role_policy"):
        for queue in of(resources, "aws_batch_job_queue"):
            arn = f"arn:aws:batch:eu-west-1:123456789012:job-queue/{queue['values']['name']}"
            if allows(policy["values"]["policy"], "batch:SubmitJob", arn) and '"intake"' not in policy["address"]:
                yield f"{policy['address']} may submit loads"


def spark_is_intakes(resources: list[Resource]) -> Iterator[str]:
    """Jobs of Spark cost nothing while none runs; intake alone starts them, by the machine that there is; they write nothing of
    what partners sent."""
    for application in of(resources, "aws_emrserverless_application"):
        values = application["values"]
        if values.get("initial_capacity") or not all(stop["enabled"] for stop in values["auto_stop_configuration"]):
            yield f"{application['address']} costs while nothing runs"
    machines = {machine["values"]["arn"] for machine in of(resources, "aws_sfn_state_machine") if machine["values"]["name"].endswith("-spark")}
    for function in of(resources, "aws_lambda_function"):
        told = function["values"]["environment"][0]["variables"].get("WAYBILL_SPARK_MACHINE")
        wanted = machines if function["values"]["function_name"].endswith("-intake") else set()
        if {told} - {None} != wanted:
            yield f"{function['address']} is told of the machine {told}, and there is {sorted(wanted)}"
    incoming = next(bucket["values"]["arn"] for bucket in of(resources, "aws_s3_bucket") if bucket["values"]["bucket"].endswith("-incoming"))
    for policy in of(resources, "aws_iam_role_policy"):
        for machine in machines:
            if allows(policy["values"]["policy"], "states:StartExecution", machine) and '"intake"' not in policy["address"]:
                yield f"{policy['address']} may start jobs of Spark"
        if "module.spark" in policy["address"]:
            for action in ("s3:PutObject", "s3:DeleteObject"):
                if allows(policy["values"]["policy"], action, f"{incoming}/prices/a.csv"):
                    yield f"{policy['address']} may change what partners sent"


EVERYWHERE = [
    nothing_is_public,
    everything_is_encrypted,
    roles_are_narrow,
    nothing_is_lost,
    alarms_tell_somebody,
    loads_as_tasks_are_intakes,
    spark_is_intakes,
    releases_come_back,
    only_versions_are_deleted,
]


def prod_is_protected(resources: list[Resource]) -> Iterator[str]:
    """Production cannot be deleted by accident, survives a zone, and keeps copies."""
    primaries = [server for server in of(resources, "aws_db_instance") if not server["values"].get("replicate_source_db")]
    if not primaries:
        yield "there is no database server"
    for server in primaries:
        values = server["values"]
        if not values["deletion_protection"] or values["skip_final_snapshot"]:
            yield f"{server['address']} can be deleted"
        if not values["multi_az"]:
            yield f"{server['address']} is in one zone"
        if values["backup_retention_period"] < 7:
            yield f"{server['address']} keeps {values['backup_retention_period']} days of backups"
    if len(of(resources, "aws_db_instance")) == len(primaries):
        yield "there is no replica"
    for bucket in of(resources, "aws_s3_bucket"):
        if bucket["values"]["force_destroy"]:
            yield f"{bucket['address']} is destroyed with what is in it"
    if of(resources, "aws_scheduler_schedule"):
        yield "production sleeps"
    if not of(resources, "aws_s3_bucket_replication_configuration"):
        yield "nothing is copied to another region"


def is_prod_in_small(resources: list[Resource], prod: list[Resource]) -> Iterator[str]:
    """The same types of resources as prod, but for the lists above."""
    types = {resource["type"] for resource in resources}
    wanted = {resource["type"] for resource in prod}
    for missing in sorted(wanted - types - ONLY_PROD):
        yield f"prod has {missing}"
    for more in sorted(types - wanted - ONLY_SMALL):
        yield f"prod has no {more}"


# What belongs to dev, and a preview only uses.
SHARED = {"aws_vpc", "aws_subnet", "aws_vpc_endpoint", "aws_security_group", "aws_db_instance", "aws_nat_gateway", "aws_db_parameter_group"}


def preview_is_small(resources: list[Resource]) -> Iterator[str]:
    """A preview makes no network and no server, and goes with all that is in it."""
    for resource in of(resources, *SHARED):
        yield f"{resource['address']} is dev's to have"
    for bucket in of(resources, "aws_s3_bucket"):
        if not bucket["values"]["force_destroy"]:
            yield f"{bucket['address']} would stay behind"
    scopes = [one["values"]["lifecycle_scope"] for one in of(resources, "aws_lambda_invocation") if "provision" in one["values"]["function_name"]]
    if scopes != ["CRUD"]:
        yield "its database would stay behind"


def spoil(**values: object):
    """A change that sets these."""
    return lambda resource: resource.update(values)


def widen(resource: dict) -> None:
    """Gives a role's policy a statement for everything."""
    policy = json.loads(resource["policy"])
    policy["Statement"] = [*statements(resource["policy"]), {"Sid": "More", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]
    resource["policy"] = json.dumps(policy)


def delete_more(resource: dict) -> None:
    """Gives a role's policy the right to delete whole functions."""
    policy = json.loads(resource["policy"])
    policy["Statement"] = [*statements(resource["policy"]), {"Sid": "More", "Effect": "Allow", "Action": "lambda:Delete*", "Resource": "arn:*"}]
    resource["policy"] = json.dumps(policy)


def delete_nothing(resource: dict) -> None:
    """Takes a role's right to delete versions."""
    policy = json.loads(resource["policy"])
    policy["Statement"] = [one for one in statements(resource["policy"]) if "lambda:DeleteFunction" not in as_list(one["Action"])]
    resource["policy"] = json.dumps(policy)


def on_machines(resource: dict) -> None:
    """Has tasks run on machines of one's own."""
    for where in resource["compute_resources"]:
        where["type"] = "EC2"


def submit(resource: dict) -> None:
    """Lets a role hand loads over."""
    policy = json.loads(resource["policy"])
    policy["Statement"] = [*statements(resource["policy"]), {"Sid": "More", "Effect": "Allow", "Action": "batch:SubmitJob", "Resource": "arn:*"}]
    resource["policy"] = json.dumps(policy)


def start_jobs(resource: dict) -> None:
    """Lets a role start whatever machine."""
    policy = json.loads(resource["policy"])
    policy["Statement"] = [*statements(resource["policy"]), {"Sid": "More", "Effect": "Allow", "Action": "states:StartExecution", "Resource": "arn:*"}]
    resource["policy"] = json.dumps(policy)


def overwrite(resource: dict) -> None:
    """Lets a role write where it only reads."""
    resource["policy"] = resource["policy"].replace('"s3:GetObjectVersion"', '"s3:PutObject"')


def log_data(resource: dict) -> None:
    """Has a machine log what it is given."""
    resource["logging_configuration"][0]["include_execution_data"] = True


def move_another(resource: dict) -> None:
    """Has a machine move a function that is not there."""
    resource["definition"] = resource["definition"].replace("-intake", "-outtake")


def overlook(resource: dict) -> None:
    """Has a rule look past executions that took too long."""
    resource["event_pattern"] = (resource["event_pattern"] or "").replace("TIMED_OUT", "SUCCEEDED")


def look_at_recoveries(resource: dict) -> None:
    """Has a rule look at the executions that it started itself."""
    pattern = json.loads(resource["event_pattern"] or '{"detail":{}}')
    pattern["detail"].pop("input", None)
    resource["event_pattern"] = json.dumps(pattern)


def recover_whatever(resource: dict) -> None:
    """Has a target not say which execution ended."""
    resource["input_transformer"] = [{"input_paths": {}, "input_template": '{"recover":true}'}]


def open_up(resource: dict) -> None:
    """Lets everybody in."""
    resource["policy"] = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sqs:SendMessage", "Resource": "*"}]})


# A type, what is done to all of it, and the rule that must notice.
SPOILT = [
    ("aws_s3_bucket_public_access_block", spoil(block_public_policy=False), nothing_is_public),
    ("aws_s3_bucket_public_access_block", spoil(bucket="another"), nothing_is_public),
    ("aws_db_instance", spoil(publicly_accessible=True), nothing_is_public),
    ("aws_vpc_security_group_ingress_rule", spoil(cidr_ipv4="0.0.0.0/0"), nothing_is_public),
    ("aws_sqs_queue_policy", open_up, nothing_is_public),
    ("aws_sns_topic_policy", open_up, nothing_is_public),
    ("aws_lambda_permission", spoil(source_arn=None), nothing_is_public),
    ("aws_lambda_permission", spoil(qualifier=None), nothing_is_public),
    ("aws_s3_bucket_server_side_encryption_configuration", spoil(bucket="another"), everything_is_encrypted),
    ("aws_s3_bucket_policy", spoil(policy="{}"), everything_is_encrypted),
    ("aws_db_instance", spoil(storage_encrypted=False, replicate_source_db=None), everything_is_encrypted),
    ("aws_db_parameter_group", spoil(parameter=[]), everything_is_encrypted),
    ("aws_sqs_queue", spoil(sqs_managed_sse_enabled=False, kms_master_key_id=None), everything_is_encrypted),
    ("aws_sns_topic", spoil(kms_master_key_id=None), everything_is_encrypted),
    ("aws_sns_topic_policy", spoil(policy="{}"), everything_is_encrypted),
    ("aws_ssm_parameter", spoil(type="String"), everything_is_encrypted),
    ("aws_iam_role_policy", widen, roles_are_narrow),
    ("aws_lambda_event_source_mapping", spoil(function_response_types=[]), nothing_is_lost),
    ("aws_sqs_queue", spoil(redrive_policy=None), nothing_is_lost),
    ("aws_lambda_function", spoil(timeout=901), nothing_is_lost),
    ("aws_iam_role", spoil(name="another"), lambda found: names_are_its_own(found, "waybill-prod")),
    ("aws_dynamodb_table", spoil(name="another"), lambda found: names_are_its_own(found, "waybill-prod")),
    ("aws_sfn_state_machine", log_data, releases_come_back),
    ("aws_sfn_state_machine", move_another, releases_come_back),
    ("aws_dynamodb_table", spoil(name="another"), releases_come_back),
    ("aws_cloudwatch_event_rule", overlook, releases_come_back),
    ("aws_cloudwatch_event_rule", spoil(state="DISABLED"), releases_come_back),
    ("aws_cloudwatch_event_rule", look_at_recoveries, releases_come_back),
    ("aws_cloudwatch_event_target", spoil(input_transformer=[]), releases_come_back),
    ("aws_cloudwatch_event_target", recover_whatever, releases_come_back),
    ("aws_cloudwatch_event_target", spoil(arn="another"), releases_come_back),
    ("aws_iam_role_policy", delete_more, only_versions_are_deleted),
    ("aws_iam_role_policy", delete_nothing, only_versions_are_deleted),
    ("aws_batch_compute_environment", on_machines, loads_as_tasks_are_intakes),
    ("aws_batch_job_queue", spoil(name="waybill-prod-another"), loads_as_tasks_are_intakes),
    ("aws_iam_role_policy", submit, loads_as_tasks_are_intakes),
    ("aws_emrserverless_application", spoil(initial_capacity=[{}]), spark_is_intakes),
    ("aws_sfn_state_machine", spoil(name="waybill-prod-another-spark", arn="another"), spark_is_intakes),
    ("aws_iam_role_policy", start_jobs, spark_is_intakes),
    ("aws_iam_role_policy", overwrite, spark_is_intakes),
    ("aws_cloudwatch_metric_alarm", spoil(alarm_actions=[]), alarms_tell_somebody),
    ("aws_cloudwatch_metric_alarm", spoil(alarm_description="look"), alarms_tell_somebody),
    ("aws_db_instance", spoil(deletion_protection=False, replicate_source_db=None), prod_is_protected),
    ("aws_db_instance", spoil(backup_retention_period=1, replicate_source_db=None), prod_is_protected),
    ("aws_s3_bucket", spoil(force_destroy=True), prod_is_protected),
]
