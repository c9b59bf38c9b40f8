# The most that the roles of an environment may do, whatever policy they are given.

provider "aws" {
  region = "eu-west-1"
}

variables {
  region     = "eu-west-1"
  repository = "acme/waybill"
}

run "bootstrap" {
  command = plan
}

run "enough_for_functions" {
  command = plan

  module {
    source = "./tests/simulator"
  }

  variables {
    policies = { for name, policy in run.bootstrap.policies.boundaries : name => [policy] }
    requests = merge(concat([
      for role, environment in { dev = "dev", staging = "staging", prod = "prod", preview = "pr-7" } : {
        for name, request in {
          receive   = { action = "sqs:ReceiveMessage", resource = "arn:aws:sqs:eu-west-1:123456789012:waybill-${environment}-intake" }
          read      = { action = "s3:GetObjectVersion", resource = "arn:aws:s3:::waybill-${environment}-incoming/prices/a.csv" }
          report    = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill-${environment}-reports/a.csv" }
          password  = { action = "ssm:GetParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${environment}/database/loader/password" }
          decrypt   = { action = "kms:Decrypt", resource = "arn:aws:kms:eu-west-1:123456789012:key/1", context = { "kms:ViaService" = "ssm.eu-west-1.amazonaws.com" } }
          token     = { action = "rds-db:connect", resource = "arn:aws:rds-db:eu-west-1:123456789012:dbuser:db-A1/waybill_${replace(environment, "-", "_")}_loader" }
          log       = { action = "logs:PutLogEvents", resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/waybill-${environment}-intake:log-stream:1" }
          flow_log  = { action = "logs:PutLogEvents", resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vpc/waybill-${environment}:log-stream:1" }
          trace     = { action = "xray:PutTraceSegments", resource = "*" }
          code      = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
          shift     = { action = "lambda:UpdateAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake:live" }
          versions  = { action = "lambda:ListVersionsByFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake" }
          aliases   = { action = "lambda:ListAliases", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake" }
          call      = { action = "lambda:InvokeFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake:3" }
          figures   = { action = "cloudwatch:GetMetricData", resource = "*" }
          alarms    = { action = "cloudwatch:DescribeAlarms", resource = "*" }
          take      = { action = "dynamodb:PutItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
          give_back = { action = "dynamodb:DeleteItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${environment}-releases" }
          ask       = { action = "states:DescribeExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-${environment}-release:abc" }
          anew      = { action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-release" }
          tell      = { action = "sns:Publish", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-${environment}-releases" }
          seal      = { action = "kms:GenerateDataKey", resource = "arn:aws:kms:eu-west-1:123456789012:key/1", context = { "kms:ViaService" = "sns.eu-west-1.amazonaws.com" } }
          clear     = { action = "lambda:DeleteFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${environment}-intake:3" }
          subnet    = { action = "ec2:CreateNetworkInterface", resource = "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1", context = { "aws:ResourceTag/environment" = role == "preview" ? "dev" : environment } }
          leave     = { action = "ec2:DeleteNetworkInterface", resource = "arn:aws:ec2:eu-west-1:123456789012:*/*" }
          interface = { action = "ec2:CreateNetworkInterface", resource = "arn:aws:ec2:eu-west-1:123456789012:network-interface/*" }
          hand_over = { action = "batch:SubmitJob", resource = "arn:aws:batch:eu-west-1:123456789012:job-queue/waybill-${environment}-small" }
        } : "${role} ${name}" => merge({ role = role, context = tomap({}) }, request)
      }
      ], [
      for environment in ["dev", "staging", "prod"] : {
        for name, request in {
          spark       = { action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${environment}-spark" }
          application = { action = "emr-serverless:StartApplication", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications/00f1", context = { "aws:ResourceTag/environment" = environment } }
          job         = { action = "emr-serverless:StartJobRun", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications/00f1", context = { "aws:ResourceTag/environment" = environment } }
          job_end     = { action = "emr-serverless:CancelJobRun", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications/00f1/jobruns/00f2" }
          job_role    = { action = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-${environment}-spark-job", context = { "iam:PassedToService" = "emr-serverless.amazonaws.com" } }
          job_ends    = { action = "events:PutRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/StepFunctionsGetEventsForEMRServerlessJobRule" }
        } : "${environment} ${name}" => merge({ role = environment, context = tomap({}) }, request)
      }
    ])...)
  }

  assert {
    condition     = alltrue(values(output.allowed))
    error_message = "Not allowed: ${join(", ", [for name, allowed in output.allowed : name if !allowed])}."
  }
}

run "not_more" {
  command = plan

  module {
    source = "./tests/simulator"
  }

  variables {
    policies = { for name, policy in run.bootstrap.policies.boundaries : name => [policy] }
    requests = merge(concat(
      flatten([
        for role, mine in { dev = "dev", staging = "staging", prod = "prod", preview = "pr-7" } : [
          for theirs in setsubtract(["dev", "staging", "prod", "pr-8"], role == "preview" ? ["pr-8"] : [mine]) : {
            for name, request in merge(
              {
                receive = { action = "sqs:ReceiveMessage", resource = "arn:aws:sqs:eu-west-1:123456789012:waybill-${theirs}-intake" }
                read    = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill-${theirs}-incoming/prices/a.csv" }
                invoke  = { action = "lambda:InvokeFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${theirs}-api:live" }
                token   = { action = "rds-db:connect", resource = "arn:aws:rds-db:eu-west-1:123456789012:dbuser:db-A1/waybill_${replace(theirs, "-", "_")}_loader" }
                start   = { action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-${theirs}-release" }
                lock    = { action = "dynamodb:DeleteItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${theirs}-releases" }
                shift   = { action = "lambda:UpdateAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${theirs}-api:live" }
                clear   = { action = "lambda:DeleteFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${theirs}-api:3" }
                spark   = { action = "emr-serverless:StartJobRun", resource = "arn:aws:emr-serverless:eu-west-1:123456789012:/applications/00f1", context = { "aws:ResourceTag/environment" = theirs } }
                job     = { action = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-${theirs}-spark-job", context = { "iam:PassedToService" = "emr-serverless.amazonaws.com" } }
                stop    = { action = "rds:StopDBInstance", resource = "arn:aws:rds:eu-west-1:123456789012:db:waybill-${theirs}" }
              },
              # dev's server has the previews' databases, and previews are in dev's network.
              role == "dev" && theirs == "pr-8" ? {} : {
                password = { action = "ssm:GetParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${theirs}/database/loader/password" }
              },
              role == "preview" && theirs == "dev" ? {} : {
                subnet = { action = "ec2:CreateNetworkInterface", resource = "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1", context = { "aws:ResourceTag/environment" = theirs } }
                group  = { action = "ec2:CreateNetworkInterface", resource = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1", context = { "aws:ResourceTag/environment" = theirs } }
              },
            ) : "${role} ${theirs} ${name}" => merge({ role = role, context = tomap({}) }, request)
          }
        ]
      ]),
      [
        for role, mine in { dev = "dev", staging = "staging", prod = "prod", preview = "pr-7" } : {
          for name, request in {
            "makes roles"                      = { action = "iam:CreateRole", resource = "arn:aws:iam::123456789012:role/waybill-${mine}-more" }
            "passes its jobs' role to code"    = { action = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-${mine}-spark-job", context = { "iam:PassedToService" = "lambda.amazonaws.com" } }
            "makes rules"                      = { action = "events:PutRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${mine}-more" }
            "passes roles"                     = { action = "iam:PassRole", resource = "arn:aws:iam::123456789012:role/waybill-${mine}-more" }
            "becomes another"                  = { action = "sts:AssumeRole", resource = "arn:aws:iam::123456789012:role/waybill-deploy-${role}" }
            "reads states"                     = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill${role == "prod" ? "-prod" : ""}-state/stack/${mine}/terraform.tfstate" }
            "publishes"                        = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
            "deletes a function"               = { action = "lambda:DeleteFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${mine}-intake" }
            "deletes the code in hand"         = { action = "lambda:DeleteFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${mine}-intake:$LATEST" }
            "changes a function's settings"    = { action = "lambda:UpdateFunctionConfiguration", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${mine}-intake" }
            "deletes a table"                  = { action = "dynamodb:DeleteTable", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-${mine}-releases" }
            "stops a release"                  = { action = "states:StopExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-${mine}-release:abc" }
            "turns the rule off"               = { action = "events:DisableRule", resource = "arn:aws:events:eu-west-1:123456789012:rule/waybill-${mine}-release-recovery" }
            "seals what is no message"         = { action = "kms:GenerateDataKey", resource = "arn:aws:kms:eu-west-1:123456789012:key/1", context = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } }
            "deletes a database"               = { action = "rds:DeleteDBInstance", resource = "arn:aws:rds:eu-west-1:123456789012:db:waybill-${mine}" }
            "opens a bucket"                   = { action = "s3:PutBucketPolicy", resource = "arn:aws:s3:::waybill-${mine}-incoming" }
            "writes passwords"                 = { action = "ssm:PutParameter", resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/${mine}/database/loader/password" }
            "decrypts for itself"              = { action = "kms:Decrypt", resource = "arn:aws:kms:eu-west-1:123456789012:key/1" }
            "asks EC2 from its code"           = { action = "ec2:DescribeSubnets", resource = "*", context = { "lambda:SourceFunctionArn" = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-${mine}-intake" } }
            "joins a network that is nobody's" = { action = "ec2:CreateNetworkInterface", resource = "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1" }
          } : "${role} ${name}" => merge({ role = role, context = tomap({}) }, request)
        }
      ],
    )...)
  }

  assert {
    condition     = !anytrue(values(output.allowed))
    error_message = "Allowed: ${join(", ", [for name, allowed in output.allowed : "${name} (${join(" ", output.because[name])})" if allowed])}."
  }
}
