# What each role may do and may not, asked of its policies as IAM would decide.

provider "aws" {
  region = "eu-west-1"
}

variables {
  region     = "eu-west-1"
  repository = "acme/waybill"
  zone_ids   = { dev = "Z0DEV", staging = "Z0STAGING", prod = "Z0PROD", preview = "Z0PREVIEW" }
}

run "bootstrap" {
  command = plan
}

# What applying, changing and destroying a stack asks for. A right that is missing shows here, not in the middle of an apply.
run "own_environment" {
  command = plan

  module {
    source = "./tests/simulator"
  }

  variables {
    policies = { for role, parts in run.bootstrap.policies.roles : role => values(parts) }
    requests = merge([
      for role, environment in { dev = "dev", staging = "staging", prod = "prod", preview = "pr-7" } : {
        for name, request in merge(
          {
            state         = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill${role == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate" }
            state_new     = { action = "s3:ListBucket", resource = "arn:aws:s3:::waybill${role == "prod" ? "-prod" : ""}-state" }
            state_default = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill${role == "prod" ? "-prod" : ""}-state/terraform.tfstate" }
            lock          = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill${role == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate.tflock" }
            unlock        = { action = "s3:DeleteObject", resource = "arn:aws:s3:::waybill${role == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate.tflock" }
            code          = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
            bucket        = { action = "s3:CreateBucket", resource = "arn:aws:s3:::waybill-${environment}-incoming" }
            notification  = { action = "s3:PutBucketNotification", resource = "arn:aws:s3:::waybill-${environment}-incoming" }
            cors          = { action = "s3:GetBucketCORS", resource = "arn:aws:s3:::waybill-${environment}-incoming" }
            queue         = { action = "sqs:CreateQueue", resource = "arn:aws:sqs:eu-west-1:123456789012:waybill-${environment}-intake" }
            topic         = { action = "sns:Subscribe", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-${environment}-alarms" }
            unsubscribe   = { action = "sns:Unsubscribe", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-${environment}-alarms:0a1b2c3d" }
            password      = { action = "ssm:PutParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${environment}/database/loader/password" }
            password_read = { action = "ssm:GetParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${environment}/database/loader/password" }
            function      = { action = "lambda:CreateFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake" }
            alias         = { action = "lambda:UpdateAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake:live" }
            log_group     = { action = "logs:CreateLogGroup", resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/waybill-${environment}-intake" }
            log_tags      = { action = "logs:ListTagsForResource", resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/waybill-${environment}-http" }
            alarm         = { action = "cloudwatch:PutMetricAlarm", resource = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:waybill-${environment}-dead-letters" }
            dashboard     = { action = "cloudwatch:PutDashboard", resource = "arn:aws:cloudwatch::123456789012:dashboard/waybill-${environment}" }
            budget        = { action = "budgets:ModifyBudget", resource = "arn:aws:budgets::123456789012:budget/waybill-${environment}" }
            schedule      = { action = "scheduler:CreateSchedule", resource = "arn:aws:scheduler:eu-west-1:123456789012:schedule/waybill-${environment}-janitor/waybill-${environment}-stop" }
            group         = { action = "scheduler:CreateScheduleGroup", resource = "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/waybill-${environment}-janitor" }
            machine       = { action = "states:CreateStateMachine", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            release_read  = { action = "states:DescribeStateMachine", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            table         = { action = "dynamodb:CreateTable", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            table_tags    = { action = "dynamodb:TagResource", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            table_read    = { action = "dynamodb:DescribeTable", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            table_backups = { action = "dynamodb:DescribeContinuousBackups", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            table_end     = { action = "dynamodb:DeleteTable", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            rule          = { action = "events:PutRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${environment}-release-recovery" }
            rule_target   = { action = "events:PutTargets", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${environment}-release-recovery" }
            rule_read     = { action = "events:ListTargetsByRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${environment}-release-recovery" }
            record        = { action = "route53:ChangeResourceRecordSets", resource = "arn:aws:route53:::hostedzone/Z0${upper(split("-", role == "preview" ? role : environment)[0])}" }
            rule_end      = { action = "events:RemoveTargets", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${environment}-release-recovery" }
            releases      = { action = "sns:CreateTopic", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-${environment}-releases" }
            mapping_read  = { action = "lambda:GetEventSourceMapping", resource = "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:0a1b" }
            servers       = { action = "rds:DescribeDBInstances", resource = "arn:aws:rds:eu-west-1:123456789012:db:*" }
            subnets       = { action = "ec2:DescribeSubnets", resource = "*" }
            mapping = {
              action  = "lambda:CreateEventSourceMapping", resource = "*"
              context = { "lambda:FunctionArn" = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake:live" }
            }
            role = {
              action  = "iam:CreateRole", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-intake"
              context = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/waybill-boundary-${role}" }
            }
            role_policy = {
              action  = "iam:PutRolePolicy", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-intake"
              context = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/waybill-boundary-${role}" }
            }
            pass = {
              action  = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-intake"
              context = { "iam:PassedToService" = "lambda.amazonaws.com" }
            }
            pass_machine = {
              action  = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-release-machine"
              context = { "iam:PassedToService" = "states.amazonaws.com" }
            }
            pass_rule = {
              action  = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-release-recovery"
              context = { "iam:PassedToService" = "events.amazonaws.com" }
            }
            api = {
              action  = "apigateway:POST", resource = "arn:aws:apigateway:eu-west-1::/apis"
              context = { "aws:RequestTag/environment" = environment }
            }
            # With the API's tag, if AWS takes it to be the part's as well, and without.
            route       = { action = "apigateway:POST", resource = "arn:aws:apigateway:eu-west-1::/apis/a1b2c3/routes" }
            integration = { action = "apigateway:PATCH", resource = "arn:aws:apigateway:eu-west-1::/apis/a1b2c3/integrations/i1" }
            stage = {
              action  = "apigateway:POST", resource = "arn:aws:apigateway:eu-west-1::/apis/a1b2c3/stages"
              context = { "aws:ResourceTag/environment" = environment }
            }
          },
          { for name, request in {
            forget    = { action = "s3:DeleteObject", resource = "arn:aws:s3:::waybill-state/stack/pr-7/terraform.tfstate" }
            provision = { action = "lambda:InvokeFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-provision:live" }
            publish   = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill-artifacts/previews/pr-7/intake.zip" }
          } : name => request if role == "preview" },
          { for name, request in {
            vpc           = { action = "ec2:CreateVpc", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:RequestTag/environment" = environment } }
            zone          = { action = "route53:AssociateVPCWithHostedZone", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1" }
            subnet        = { action = "ec2:CreateSubnet", resource = "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1", context = { "aws:RequestTag/environment" = environment } }
            subnet_in     = { action = "ec2:CreateSubnet", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:ResourceTag/environment" = environment } }
            tag_new       = { action = "ec2:CreateTags", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:RequestTag/environment" = environment, "ec2:CreateAction" = "CreateVpc" } }
            tag_name      = { action = "ec2:CreateTags", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:ResourceTag/environment" = environment, "aws:RequestTag/Name" = "network" } }
            adopt         = { action = "ec2:CreateTags", resource = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1", context = { "aws:RequestTag/environment" = environment } }
            empty         = { action = "ec2:RevokeSecurityGroupEgress", resource = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1", context = { "aws:ResourceTag/environment" = environment } }
            interface     = { action = "ec2:DeleteNetworkInterface", resource = "arn:aws:ec2:eu-west-1:123456789012:network-interface/eni-1" }
            database      = { action = "rds:CreateDBInstance", resource = "arn:aws:rds:eu-west-1:123456789012:db:waybill-${environment}" }
            replica       = { action = "rds:CreateDBInstanceReadReplica", resource = "arn:aws:rds:eu-west-1:123456789012:db:waybill-${environment}-replica" }
            parameters    = { action = "rds:CreateDBParameterGroup", resource = "arn:aws:rds:eu-west-1:123456789012:pg:waybill-${environment}" }
            options       = { action = "rds:CreateDBInstance", resource = "arn:aws:rds:eu-west-1:123456789012:og:default:postgres-18" }
            last_snapshot = { action = "rds:CreateDBSnapshot", resource = "arn:aws:rds:eu-west-1:123456789012:snapshot:waybill-${environment}-final" }
            jobs          = { action = "batch:CreateComputeEnvironment", resource = "arn:aws:batch:eu-west-1:123456789012:compute-environment/waybill-${environment}-spot" }
            job_queue     = { action = "batch:CreateJobQueue", resource = "arn:aws:batch:eu-west-1:123456789012:job-queue/waybill-${environment}-small" }
            job           = { action = "batch:RegisterJobDefinition", resource = "arn:aws:batch:eu-west-1:123456789012:job-definition/waybill-${environment}-load-small-c0ffee" }
            job_role      = { action = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-load-task", context = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
            spark         = { action = "emr-serverless:CreateApplication", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications", context = { "aws:RequestTag/environment" = environment } }
            spark_change  = { action = "emr-serverless:UpdateApplication", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications/00f1", context = { "aws:ResourceTag/environment" = environment } }
            spark_read    = { action = "emr-serverless:GetApplication", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications/00f1", context = { "aws:ResourceTag/environment" = environment } }
            service       = { action = "ecs:UpdateService", resource = "arn:aws:ecs:eu-west-1:123456789012:service/waybill-${environment}-api/waybill-${environment}-api" }
            balancer      = { action = "elasticloadbalancing:CreateLoadBalancer", resource = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/waybill-${environment}-api/0a1b" }
            flow_logs     = { action = "logs:CreateLogGroup", resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vpc/waybill-${environment}" }
            database_logs = { action = "logs:PutRetentionPolicy", resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/rds/instance/waybill-${environment}/postgresql" }
          } : name => request if role != "preview" },
          { for name, request in {
            publish = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
            image   = { action = "ecr:PutImage", resource = "arn:aws:ecr:eu-west-1:123456789012:repository/waybill/task" }
          } : name => request if role == "dev" },
          { for name, request in {
            empty_bucket = { action = "s3:DeleteObjectVersion", resource = "arn:aws:s3:::waybill-${environment}-incoming/prices/a.csv" }
          } : name => request if role != "prod" },
        ) : "${role} ${name}" => merge({ role = role, context = tomap({}) }, request)
      }
    ]...)
  }

  assert {
    condition     = alltrue(values(output.allowed))
    error_message = "Not allowed: ${join(", ", [for name, allowed in output.allowed : "${name} (${join(" ", output.because[name])})" if !allowed])}."
  }
}

# What the workflows ask for besides Terraform: scripts/workflow, and the commands `waybill release …` that they call.
run "workflows" {
  command = plan

  module {
    source = "./tests/simulator"
  }

  variables {
    policies = { for role, parts in run.bootstrap.policies.roles : role => values(parts) }
    requests = merge(
      merge([
        for role, environment in { dev = "dev", staging = "staging", prod = "prod", preview = "pr-7" } : {
          for name, request in {
            "states"                          = { action = "s3:ListBucket", resource = "arn:aws:s3:::waybill${role == "prod" ? "-prod" : ""}-state" }
            "free-lock looks"                 = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill${role == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate.tflock" }
            "free-lock frees"                 = { action = "s3:DeleteObject", resource = "arn:aws:s3:::waybill${role == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate.tflock" }
            "wake, awake"                     = { action = "rds:DescribeDBInstances", resource = "arn:aws:rds:eu-west-1:123456789012:db:waybill-${role == "preview" ? "dev" : environment}" }
            "release: the machine"            = { action = "states:ListStateMachines", resource = "*" }
            "release start: the manifest"     = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill-artifacts/${role == "preview" ? "previews" : "releases"}/abc/release.json" }
            "release start"                   = { action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            "release watch"                   = { action = "states:DescribeExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-${environment}-release:abc" }
            "release watch: the steps"        = { action = "states:GetExecutionHistory", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-${environment}-release:abc" }
            "release rollback: what there is" = { action = "states:ListExecutions", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            "release rollback: what runs"     = { action = "states:StopExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-${environment}-release:abc" }
            "release rollback: what is live"  = { action = "lambda:GetAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-api" }
          } : "${role} ${name}" => merge({ role = role }, request)
        }
      ]...),
      merge([
        for role, environment in { dev = "dev", staging = "staging" } : {
          "${role} wake"               = { role = role, action = "lambda:InvokeFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-janitor:live" }
        }
      ]...),
      merge([
        for role, folder in { dev               = "releases", preview = "previews" } : {
          "${role} publish"                     = { role = role, action = "s3:PutObject", resource = "arn:aws:s3:::waybill-artifacts/${folder}/abc/intake.zip" }
          "${role} publish: what is there"      = { role = role, action = "s3:GetObject", resource = "arn:aws:s3:::waybill-artifacts/${folder}/abc/intake.zip" }
          "${role} publish: whether it is ours" = { role = role, action = "s3:ListBucket", resource = "arn:aws:s3:::waybill-artifacts" }
        }
      ]...),
      {
        "sweep: what is left over" = { role = "preview", action = "tag:GetResources", resource = "*" }
      },
      merge([
        for environment, role in { dev             = "plan", staging = "plan", prod = "plan-prod" } : {
          "${role} stale ${environment}: locks"    = { role = role, action = "s3:ListBucket", resource = "arn:aws:s3:::waybill${environment == "prod" ? "-prod" : ""}-state" }
          "${role} stale ${environment}: releases" = { role = role, action = "states:ListExecutions", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
        }
      ]...),
    )
  }

  assert {
    condition     = alltrue(values(output.allowed))
    error_message = "Not allowed: ${join(", ", [for name, allowed in output.allowed : "${name} (${join(" ", output.because[name])})" if !allowed])}."
  }
}

# Every action that a role has, tried on the things of every environment that is not its own, with the best context that
# an attacker could bring: the tags, boundary and services of the role's own environment.
run "other_environments" {
  command = plan

  module {
    source = "./tests/simulator"
  }

  variables {
    policies = { for role, parts in run.bootstrap.policies.roles : role => values(parts) }
    requests = merge(flatten([
      for role, mine in { dev = "dev", staging = "staging", prod = "prod", preview = "pr-7", plan = "dev", plan-prod = "prod" } : [
        for theirs in setsubtract(["dev", "staging", "prod", "pr-8"], role == "preview" ? ["pr-8"] : role == "plan" ? ["dev", "staging", "pr-8"] : [mine]) : [
          for action in distinct(concat(
            ["s3:GetObject", "s3:ListBucket", "ssm:GetParameter", "sqs:ReceiveMessage", "logs:GetLogEvents", "ec2:DeleteVpc", "rds:DeleteDBInstance"],
            flatten([
              for policy in values(run.bootstrap.policies.roles[role]) : [
                for statement in jsondecode(policy).Statement : statement.Action if statement.Effect == "Allow"
              ]
            ]),
            )) : {
            for at, resource in lookup({
              apigateway = ["arn:aws:apigateway:eu-west-1::/apis/theirs", "arn:aws:apigateway:eu-west-1::/tags/theirs"]
              budgets    = ["arn:aws:budgets::123456789012:budget/waybill-${theirs}"]
              cloudwatch = ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:waybill-${theirs}-api", "arn:aws:cloudwatch::123456789012:dashboard/waybill-${theirs}"]
              dynamodb   = ["arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${theirs}-releases"]
              ec2        = ["arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1", "arn:aws:ec2:eu-west-1:123456789012:network-interface/eni-1"]
              events     = ["arn:aws:events:eu-west-1:123456789012:rule/waybill-${theirs}-release-recovery"]
              iam        = ["arn:aws:iam::123456789012:role/waybill-${theirs}-intake", "arn:aws:iam::123456789012:role/waybill-deploy-${theirs}"]
              lambda     = ["arn:aws:lambda:eu-west-1:123456789012:function:waybill-${theirs}-intake", "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${theirs}-intake:live"]
              logs       = ["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/waybill-${theirs}-intake"]
              rds        = ["arn:aws:rds:eu-west-1:123456789012:db:waybill-${theirs}", "arn:aws:rds:eu-west-1:123456789012:subgrp:waybill-${theirs}"]
              s3 = [
                "arn:aws:s3:::waybill-${theirs}-incoming", "arn:aws:s3:::waybill-${theirs}-incoming/prices/a.csv",
                "arn:aws:s3:::waybill${theirs == "prod" ? "-prod" : ""}-state/stack/${theirs}/terraform.tfstate",
                "arn:aws:s3:::waybill${theirs == "prod" ? "-prod" : ""}-state/stack/${theirs}/terraform.tfstate.tflock",
              ]
              scheduler = ["arn:aws:scheduler:eu-west-1:123456789012:schedule/waybill-${theirs}-janitor/stop"]
              sns       = ["arn:aws:sns:eu-west-1:123456789012:waybill-${theirs}-alarms", "arn:aws:sns:eu-west-1:123456789012:waybill-${theirs}-releases"]
              sqs       = ["arn:aws:sqs:eu-west-1:123456789012:waybill-${theirs}-intake"]
              ssm       = ["arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${theirs}/database/admin/password"]
              states    = ["arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${theirs}-release", "arn:aws:states:eu-west-1:123456789012:execution:waybill-${theirs}-release:abc"]
              }, split(":", action)[0], []) : "${role} ${action} ${theirs} ${at}" => {
              role     = role
              action   = replace(action, "*", "Any")
              resource = resource
              context = merge(
                {
                  "aws:RequestTag/environment"  = mine
                  "aws:ResourceTag/environment" = theirs
                  "iam:PassedToService"         = "lambda.amazonaws.com"
                  "iam:PermissionsBoundary"     = "arn:aws:iam::123456789012:policy/waybill-boundary-${role}"
                  "lambda:FunctionArn"          = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${theirs}-intake"
                },
              )
            }
            # Lists have no narrower resource, and a log's delivery has no ARN: policies.tftest.hcl holds those by name.
            if !can(regex("^apigateway:GET|^(cloudwatch|ec2|lambda|logs|rds|ssm|tag):(Describe|List|GetManaged|GetSecurityGroupsForVpc)|^states:(ListStateMachines|Validate)|^logs:.*(LogDeliver|ResourcePolic)", action))
          }
        ]
      ]
    ])...)
  }

  assert {
    condition     = !anytrue(values(output.allowed))
    error_message = "Allowed: ${join(", ", [for name, allowed in output.allowed : "${name} (${join(" ", output.because[name])})" if allowed])}."
  }

  assert {
    # Without requests nothing is ever allowed.
    condition = alltrue([
      for role, least in { dev = 200, staging = 200, prod = 200, preview = 200, plan = 50, plan-prod = 150 } :
      length([for name in keys(output.allowed) : name if startswith(name, "${role} ")]) > least
    ])
    error_message = "Too few requests were tried: ${length(output.allowed)}."
  }
}

run "refused" {
  command = plan

  module {
    source = "./tests/simulator"
  }

  variables {
    policies = { for role, parts in run.bootstrap.policies.roles : role => values(parts) }
    requests = {
      for name, request in merge(merge([
        for role, environment in { plan = "dev", plan-prod = "prod" } : {
          for what, request in {
            "takes a lock"                       = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill${environment == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate.tflock" }
            "frees a lock"                       = { action = "s3:DeleteObject", resource = "arn:aws:s3:::waybill${environment == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate.tflock" }
            "writes a state"                     = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill${environment == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate" }
            "reads old versions of a state"      = { action = "s3:GetObjectVersion", resource = "arn:aws:s3:::waybill${environment == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate" }
            "reads the state of these roles"     = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill-prod-state/bootstrap/terraform.tfstate" }
            "reads what partners sent"           = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill-${environment}-incoming/prices/a.csv" }
            "publishes"                          = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
            "reads messages"                     = { action = "sqs:ReceiveMessage", resource = "arn:aws:sqs:eu-west-1:123456789012:waybill-${environment}-intake" }
            "reads logs"                         = { action = "logs:FilterLogEvents", resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/waybill-${environment}-intake" }
            "reads a secret that is no password" = { action = "ssm:GetParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${environment}/partners/acme/token" }
            "reads all secrets at once"          = { action = "ssm:GetParametersByPath", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${environment}/database/loader/password" }
            "reads what a secret was before"     = { action = "ssm:GetParameterHistory", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${environment}/database/loader/password" }
            "writes a password"                  = { action = "ssm:PutParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${environment}/database/loader/password" }
            "goes into the database"             = { action = "rds-db:connect", resource = "arn:aws:rds-db:eu-west-1:123456789012:dbuser:db-A1/waybill_${environment}_loader" }
            "stops the database server"          = { action = "rds:StopDBInstance", resource = "arn:aws:rds:eu-west-1:123456789012:db:waybill-${environment}" }
            "wakes the database server"          = { action = "lambda:InvokeFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-janitor:live" }
            "moves an alias"                     = { action = "lambda:UpdateAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-api" }
            "starts a release"                   = { action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            "tries a release"                    = { action = "states:StartSyncExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            "begins a release anew"              = { action = "states:RedriveExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-${environment}-release:abc" }
            "stops a release"                    = { action = "states:StopExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-${environment}-release:abc" }
            "changes the machine"                = { action = "states:UpdateStateMachine", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            "reads the lock of releases"         = { action = "dynamodb:GetItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            "takes the lock of releases"         = { action = "dynamodb:PutItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            "turns the rule off"                 = { action = "events:DisableRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${environment}-release-recovery" }
            "tells of a release that was none"   = { action = "sns:Publish", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-${environment}-releases" }
            "listens to alarms"                  = { action = "sns:Subscribe", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-${environment}-alarms" }
            "turns an alarm off"                 = { action = "cloudwatch:DisableAlarmActions", resource = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:waybill-${environment}-dead-letters" }
            "changes a record"                   = { action = "route53:ChangeResourceRecordSets", resource = "arn:aws:route53:::hostedzone/Z0${upper(environment)}" }
            "changes an API"                     = { action = "apigateway:PATCH", resource = "arn:aws:apigateway:eu-west-1::/apis/a1", context = { "aws:ResourceTag/environment" = environment } }
            "tags a network"                     = { action = "ec2:CreateTags", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:ResourceTag/environment" = environment } }
            "makes a role under its boundary"    = { action = "iam:CreateRole", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-more", context = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/waybill-boundary-${environment}" } }
            "becomes the role that deploys"      = { action = "sts:AssumeRole", resource = "arn:aws:iam::123456789012:role/waybill-deploy-${environment}" }
            "passes the machine a role"          = { action = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-release-machine", context = { "iam:PassedToService" = "states.amazonaws.com" } }
          } : "${role} ${what}" => merge({ role = role, context = tomap({}) }, request)
        }
        ]...), {
        "a preview changes an API without a tag"          = { role = "preview", action = "apigateway:DELETE", resource = "arn:aws:apigateway:eu-west-1::/apis/a1" }
        "a preview makes an API without a tag"            = { role = "preview", action = "apigateway:POST", resource = "arn:aws:apigateway:eu-west-1::/apis" }
        "a preview tags an API of nobody as its own"      = { role = "preview", action = "apigateway:TagResource", resource = "arn:aws:apigateway:eu-west-1::/apis/a1", context = { "aws:RequestTag/environment" = "pr-7" } }
        "a preview gives its API to prod"                 = { role = "preview", action = "apigateway:TagResource", resource = "arn:aws:apigateway:eu-west-1::/apis/a1", context = { "aws:RequestTag/environment" = "prod", "aws:ResourceTag/environment" = "pr-7" } }
        "a preview makes a network, even its own"         = { role = "preview", action = "ec2:CreateVpc", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:RequestTag/environment" = "pr-7" } }
        "a preview adopts a security group"               = { role = "preview", action = "ec2:CreateTags", resource = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1", context = { "aws:RequestTag/environment" = "pr-7" } }
        "a preview makes a database server, even its own" = { role = "preview", action = "rds:CreateDBInstance", resource = "arn:aws:rds:eu-west-1:123456789012:db:waybill-pr-7" }
        "a preview invokes another function of dev"       = { role = "preview", action = "lambda:InvokeFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-migrate" }
        "a preview changes the function it may invoke"    = { role = "preview", action = "lambda:UpdateFunctionCode", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-provision" }
        "a preview replaces a release"                    = { role = "preview", action = "s3:PutObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
        "a preview pushes an image"                       = { role = "preview", action = "ecr:PutImage", resource = "arn:aws:ecr:eu-west-1:123456789012:repository/waybill/task" }
        "a preview makes a queue of jobs, even its own"   = { role = "preview", action = "batch:CreateJobQueue", resource = "arn:aws:batch:eu-west-1:123456789012:job-queue/waybill-pr-7-small" }
        "a preview makes an application of Spark"         = { role = "preview", action = "emr-serverless:CreateApplication", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications", context = { "aws:RequestTag/environment" = "pr-7" } }
        "dev changes prod's application of Spark"         = { role = "dev", action = "emr-serverless:UpdateApplication", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications/00f1", context = { "aws:ResourceTag/environment" = "prod" } }
        "dev takes an application to prod"                = { role = "dev", action = "emr-serverless:TagResource", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications/00f1", context = { "aws:ResourceTag/environment" = "dev", "aws:RequestTag/environment" = "prod" } }
        "dev registers prod's jobs"                       = { role = "dev", action = "batch:RegisterJobDefinition", resource = "arn:aws:batch:eu-west-1:123456789012:job-definition/waybill-prod-load-small-c0ffee" }
        "dev replaces prod's containers"                  = { role = "dev", action = "ecs:UpdateService", resource = "arn:aws:ecs:eu-west-1:123456789012:service/waybill-prod-api/waybill-prod-api" }
        "staging pushes an image"                         = { role = "staging", action = "ecr:PutImage", resource = "arn:aws:ecr:eu-west-1:123456789012:repository/waybill/task" }
        "a preview takes a name that only begins alike"   = { role = "preview", action = "sqs:CreateQueue", resource = "arn:aws:sqs:eu-west-1:123456789012:waybill-prices" }
        "a preview starts dev's release"                  = { role = "preview", action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-dev-release" }
        "a preview stops dev's release"                   = { role = "preview", action = "states:StopExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-dev-release:abc" }
        "a preview turns dev's rule off"                  = { role = "preview", action = "events:DeleteRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-dev-release-recovery" }
        "a preview passes dev's machine its role"         = { role = "preview", action = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-dev-release-machine", context = { "iam:PassedToService" = "states.amazonaws.com" } }
        "dev starts prod's release"                       = { role = "dev", action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-prod-release" }
        "dev takes the lock of its releases"              = { role = "dev", action = "dynamodb:PutItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-dev-releases" }
        "prod breaks the lock of its releases"            = { role = "prod", action = "dynamodb:DeleteItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-prod-releases" }
        "dev makes a rule for another's events"           = { role = "dev", action = "events:PutRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/everything" }
        "dev tells of a release that was none"            = { role = "dev", action = "sns:Publish", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-dev-releases" }
        "staging publishes"                               = { role = "staging", action = "s3:PutObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
        "prod publishes"                                  = { role = "prod", action = "s3:PutObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
        "dev replaces a published release by deleting it" = { role = "dev", action = "s3:DeleteObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
        "dev makes a network without a tag"               = { role = "dev", action = "ec2:CreateVpc", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1" }
        "dev deletes a network without a tag"             = { role = "dev", action = "ec2:DeleteVpc", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1" }
        "dev adopts a network without a tag"              = { role = "dev", action = "ec2:CreateTags", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:RequestTag/environment" = "dev" } }
        "dev makes a subnet in prod's network"            = { role = "dev", action = "ec2:CreateSubnet", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:RequestTag/environment" = "dev", "aws:ResourceTag/environment" = "prod" } }
        "dev gives its network to prod"                   = { role = "dev", action = "ec2:CreateTags", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:RequestTag/environment" = "prod", "aws:ResourceTag/environment" = "dev" } }
        "dev takes the tag off its network"               = { role = "dev", action = "ec2:DeleteTags", resource = "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", context = { "aws:ResourceTag/environment" = "dev", "aws:TagKeys" = "environment" } }
        "dev deletes a state"                             = { role = "dev", action = "s3:DeleteObject", resource = "arn:aws:s3:::waybill-state/stack/dev/terraform.tfstate" }
        "dev deletes the version of a state"              = { role = "dev", action = "s3:DeleteObjectVersion", resource = "arn:aws:s3:::waybill-state/stack/dev/terraform.tfstate" }
        "dev makes a role without a boundary"             = { role = "dev", action = "iam:CreateRole", resource = "arn:aws:iam::123456789012:role/waybill-dev-intake" }
        "dev makes a role under prod's boundary"          = { role = "dev", action = "iam:CreateRole", resource = "arn:aws:iam::123456789012:role/waybill-dev-intake", context = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/waybill-boundary-prod" } }
        "dev changes a role that lost its boundary"       = { role = "dev", action = "iam:PutRolePolicy", resource = "arn:aws:iam::123456789012:role/waybill-dev-intake" }
        "dev takes a boundary off"                        = { role = "dev", action = "iam:DeleteRolePermissionsBoundary", resource = "arn:aws:iam::123456789012:role/waybill-dev-intake", context = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/waybill-boundary-dev" } }
        "dev changes its boundary"                        = { role = "dev", action = "iam:CreatePolicyVersion", resource = "arn:aws:iam::123456789012:policy/waybill-boundary-dev" }
        "dev changes itself"                              = { role = "dev", action = "iam:UpdateAssumeRolePolicy", resource = "arn:aws:iam::123456789012:role/waybill-deploy-dev" }
        "dev attaches a managed policy"                   = { role = "dev", action = "iam:AttachRolePolicy", resource = "arn:aws:iam::123456789012:role/waybill-dev-intake", context = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/waybill-boundary-dev" } }
        "dev passes a role to a machine of its own"       = { role = "dev", action = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-dev-intake", context = { "iam:PassedToService" = "ec2.amazonaws.com" } }
        "dev works in another region"                     = { role = "dev", action = "sqs:CreateQueue", resource = "arn:aws:sqs:us-east-1:123456789012:waybill-dev-intake" }
        "dev takes a name that only begins alike"         = { role = "dev", action = "sqs:CreateQueue", resource = "arn:aws:sqs:eu-west-1:123456789012:waybill-developers" }
        "dev reads what partners sent"                    = { role = "dev", action = "s3:GetObject", resource = "arn:aws:s3:::waybill-dev-incoming/prices/a.csv" }
        "prod reads what partners sent"                   = { role = "prod", action = "s3:GetObject", resource = "arn:aws:s3:::waybill-prod-incoming/prices/a.csv" }
        "prod deletes what partners sent"                 = { role = "prod", action = "s3:DeleteObject", resource = "arn:aws:s3:::waybill-prod-incoming/prices/a.csv" }
        "prod deletes old versions of what partners sent" = { role = "prod", action = "s3:DeleteObjectVersion", resource = "arn:aws:s3:::waybill-prod-incoming/prices/a.csv" }
        "prod deletes its state"                          = { role = "prod", action = "s3:DeleteObject", resource = "arn:aws:s3:::waybill-prod-state/stack/prod/terraform.tfstate" }
        "prod deletes old versions of its state"          = { role = "prod", action = "s3:DeleteObjectVersion", resource = "arn:aws:s3:::waybill-prod-state/stack/prod/terraform.tfstate" }
        "prod deletes the state bucket"                   = { role = "prod", action = "s3:DeleteBucket", resource = "arn:aws:s3:::waybill-prod-state" }
        "prod opens the state bucket"                     = { role = "prod", action = "s3:PutBucketPolicy", resource = "arn:aws:s3:::waybill-prod-state" }
        "prod reads the state of these roles"             = { role = "prod", action = "s3:GetObject", resource = "arn:aws:s3:::waybill-prod-state/bootstrap/terraform.tfstate" }
        "prod deletes a snapshot"                         = { role = "prod", action = "rds:DeleteDBSnapshot", resource = "arn:aws:rds:eu-west-1:123456789012:snapshot:waybill-prod-final" }
        "a plan reads prod's state"                       = { role = "plan", action = "s3:GetObject", resource = "arn:aws:s3:::waybill-prod-state/stack/prod/terraform.tfstate" }
        "a plan lists prod's states"                      = { role = "plan", action = "s3:ListBucket", resource = "arn:aws:s3:::waybill-prod-state" }
        "a plan reads prod's passwords"                   = { role = "plan", action = "ssm:GetParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/prod/database/admin/password" }
        "a plan reads prod's records"                     = { role = "plan", action = "route53:ListResourceRecordSets", resource = "arn:aws:route53:::hostedzone/Z0PROD" }
        "a plan of prod reads dev's state"                = { role = "plan-prod", action = "s3:GetObject", resource = "arn:aws:s3:::waybill-state/stack/dev/terraform.tfstate" }
        "a plan of prod lists other states"               = { role = "plan-prod", action = "s3:ListBucket", resource = "arn:aws:s3:::waybill-state" }
        "a plan of prod reads dev's passwords"            = { role = "plan-prod", action = "ssm:GetParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/dev/database/admin/password" }
        "a plan of prod reads dev's records"              = { role = "plan-prod", action = "route53:ListResourceRecordSets", resource = "arn:aws:route53:::hostedzone/Z0DEV" }
      }) : name => merge({ context = tomap({}) }, request)
    }
  }

  assert {
    condition     = !anytrue(values(output.allowed))
    error_message = "Allowed: ${join(", ", [for name, allowed in output.allowed : "${name} (${join(" ", output.because[name])})" if allowed])}."
  }
}

# What Terraform reads for a plan, type by type.
run "planning" {
  command = plan

  module {
    source = "./tests/simulator"
  }

  variables {
    policies = { for role, parts in run.bootstrap.policies.roles : role => values(parts) }
    requests = merge([
      for environment, role in { dev = "plan", staging = "plan", pr-7 = "plan", prod = "plan-prod" } : {
        for name, request in merge(
          {
            state           = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill${environment == "prod" ? "-prod" : ""}-state/stack/${environment}/terraform.tfstate" }
            states          = { action = "s3:ListBucket", resource = "arn:aws:s3:::waybill${environment == "prod" ? "-prod" : ""}-state" }
            state_default   = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill${environment == "prod" ? "-prod" : ""}-state/terraform.tfstate" }
            bucket          = { action = "s3:ListBucket", resource = "arn:aws:s3:::waybill-${environment}-incoming" }
            bucket_policy   = { action = "s3:GetBucketPolicy", resource = "arn:aws:s3:::waybill-${environment}-incoming" }
            bucket_rules    = { action = "s3:GetLifecycleConfiguration", resource = "arn:aws:s3:::waybill-${environment}-incoming" }
            bucket_tags     = { action = "s3:ListTagsForResource", resource = "arn:aws:s3:::waybill-${environment}-incoming" }
            password        = { action = "ssm:GetParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${environment}/database/loader/password" }
            password_tags   = { action = "ssm:ListTagsForResource", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${environment}/database/loader/password" }
            parameters      = { action = "ssm:DescribeParameters", resource = "arn:aws:ssm:eu-west-1:123456789012:*" }
            function        = { action = "lambda:GetFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake" }
            function_signed = { action = "lambda:GetFunctionCodeSigningConfig", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake" }
            function_async  = { action = "lambda:GetFunctionEventInvokeConfig", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake" }
            versions        = { action = "lambda:ListVersionsByFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake" }
            alias           = { action = "lambda:GetAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake" }
            callers         = { action = "lambda:GetPolicy", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-api:live" }
            mapping         = { action = "lambda:GetEventSourceMapping", resource = "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:0a1b" }
            role            = { action = "iam:GetRole", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-intake" }
            role_policy     = { action = "iam:GetRolePolicy", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-release-machine" }
            api             = { action = "apigateway:GET", resource = "arn:aws:apigateway:eu-west-1::/apis/a1/stages" }
            domain          = { action = "apigateway:GET", resource = "arn:aws:apigateway:eu-west-1::/domainnames/api.example.com" }
            zone            = { action = "route53:GetHostedZone", resource = "arn:aws:route53:::hostedzone/Z0${upper(environment == "pr-7" ? "preview" : environment)}" }
            record          = { action = "route53:ListResourceRecordSets", resource = "arn:aws:route53:::hostedzone/Z0${upper(environment == "pr-7" ? "preview" : environment)}" }
            queue           = { action = "sqs:GetQueueAttributes", resource = "arn:aws:sqs:eu-west-1:123456789012:waybill-${environment}-intake" }
            queue_tags      = { action = "sqs:ListQueueTags", resource = "arn:aws:sqs:eu-west-1:123456789012:waybill-${environment}-intake" }
            machine         = { action = "states:DescribeStateMachine", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            machine_past    = { action = "states:ListStateMachineVersions", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            machine_tags    = { action = "states:ListTagsForResource", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
            machine_next    = { action = "states:ValidateStateMachineDefinition", resource = "*" }
            rule            = { action = "events:DescribeRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${environment}-release-recovery" }
            rule_tags       = { action = "events:ListTagsForResource", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${environment}-release-recovery" }
            rule_targets    = { action = "events:ListTargetsByRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${environment}-release-recovery" }
            table           = { action = "dynamodb:DescribeTable", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            table_backups   = { action = "dynamodb:DescribeContinuousBackups", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            table_ttl       = { action = "dynamodb:DescribeTimeToLive", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            table_tags      = { action = "dynamodb:ListTagsOfResource", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
            topic           = { action = "sns:GetTopicAttributes", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-${environment}-releases" }
            topic_tags      = { action = "sns:ListTagsForResource", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-${environment}-alarms" }
            subscription    = { action = "sns:GetSubscriptionAttributes", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-${environment}-releases:0a1b2c3d" }
            alarm           = { action = "cloudwatch:DescribeAlarms", resource = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:*" }
            alarm_tags      = { action = "cloudwatch:ListTagsForResource", resource = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:waybill-${environment}-release-failed" }
            dashboard       = { action = "cloudwatch:GetDashboard", resource = "arn:aws:cloudwatch::123456789012:dashboard/waybill-${environment}" }
            budget          = { action = "budgets:ViewBudget", resource = "arn:aws:budgets::123456789012:budget/waybill-${environment}-monthly" }
            log_groups      = { action = "logs:DescribeLogGroups", resource = "arn:aws:logs:eu-west-1:123456789012:log-group::log-stream:" }
            log_group_tags  = { action = "logs:ListTagsForResource", resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/states/waybill-${environment}-release" }
            servers         = { action = "rds:DescribeDBInstances", resource = "arn:aws:rds:eu-west-1:123456789012:db:*" }
            network         = { action = "ec2:DescribeSubnets", resource = "*" }
          },
          { for name, request in {
            server_tags   = { action = "rds:ListTagsForResource", resource = "arn:aws:rds:eu-west-1:123456789012:db:waybill-${environment}" }
            server_group  = { action = "rds:DescribeDBSubnetGroups", resource = "arn:aws:rds:eu-west-1:123456789012:subgrp:waybill-${environment}" }
            settings      = { action = "rds:DescribeDBParameters", resource = "arn:aws:rds:eu-west-1:123456789012:pg:waybill-${environment}" }
            hours         = { action = "scheduler:GetSchedule", resource = "arn:aws:scheduler:eu-west-1:123456789012:schedule/waybill-${environment}-janitor/waybill-${environment}-stop" }
            hours_group   = { action = "scheduler:GetScheduleGroup", resource = "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/waybill-${environment}-janitor" }
            flow_log_tags = { action = "logs:ListTagsForResource", resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vpc/waybill-${environment}" }
            interfaces    = { action = "ec2:DescribeVpcEndpoints", resource = "*" }
          } : name => request if environment != "pr-7" },
        ) : "${environment} ${name}" => merge({ role = role }, request)
      }
    ]...)
  }

  assert {
    condition     = alltrue(values(output.allowed))
    error_message = "Not allowed: ${join(", ", [for name, allowed in output.allowed : name if !allowed])}."
  }
}
