variable "name" {
  description = "The instance's identifier: prefix and environment, as waybill-dev. The replica is called <name>-replica."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){1,39}$", var.name))
    error_message = "name must be lower-case letters, digits and single hyphens, begin with a letter, not end in a hyphen and leave room for the endings."
  }
}

variable "subnet_ids" {
  description = "Private subnets in at least two availability zones, also where the instance stands in one: RDS asks for them."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must have subnets of at least two availability zones."
  }
}

variable "security_group_id" {
  description = "The security group that says who reaches the database."
  type        = string
  nullable    = false
}

variable "engine_version" {
  description = "PostgreSQL's major version, which RDS keeps at its newest minor version, or an exact one, as 18.1."
  type        = string
  default     = "18"
  nullable    = false

  validation {
    condition     = can(regex("^1[5-8](\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version must be 15, 16, 17 or 18, with or without a minor version: Waybill is tested on these."
  }
}

variable "instance_class" {
  description = "The instance's class, as db.t4g.micro. Its memory also decides how many connections there can be."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9-]+$", var.instance_class))
    error_message = "instance_class must be a class of RDS, as db.t4g.micro."
  }
}

variable "storage_gb" {
  description = "Storage in GiB: how much there is at first, and up to how much RDS may let it grow (the same: it does not grow). It never shrinks."
  type = object({
    initial = number
    maximum = number
  })
  nullable = false

  validation {
    condition     = var.storage_gb.initial >= 20 && var.storage_gb.maximum <= 65536 && floor(var.storage_gb.initial) == var.storage_gb.initial && floor(var.storage_gb.maximum) == var.storage_gb.maximum
    error_message = "storage_gb must be whole numbers from 20 to 65536, as gp3 is to be had."
  }

  validation {
    condition     = var.storage_gb.maximum == var.storage_gb.initial || var.storage_gb.maximum * 10 >= var.storage_gb.initial * 11
    error_message = "storage_gb.maximum must be the initial storage, or at least a tenth more: RDS refuses what is between."
  }
}

variable "multi_az" {
  description = "Whether a standby in another zone takes over when the instance fails."
  type        = bool
  nullable    = false
}

variable "replica" {
  description = "A replica that serves reads, and its class. Null: there is none."
  type = object({
    instance_class = string
  })
  default = null

  validation {
    condition     = var.replica == null ? true : can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9-]+$", var.replica.instance_class))
    error_message = "replica.instance_class must be a class of RDS, as db.t4g.micro."
  }
}

variable "backup_days" {
  description = "For how many days backups are kept, and any moment in them can be restored. 0: there are none."
  type        = number
  nullable    = false

  validation {
    condition     = var.backup_days >= 0 && var.backup_days <= 35 && floor(var.backup_days) == var.backup_days
    error_message = "backup_days must be a whole number from 0 to 35."
  }

  validation {
    condition     = var.replica == null || var.backup_days > 0
    error_message = "backup_days must be at least 1 where there is a replica: RDS makes the replica from a backup."
  }

  validation {
    condition     = !var.protected || var.backup_days > 0
    error_message = "backup_days must be at least 1 where the database is protected."
  }
}

variable "protected" {
  description = "Whether deleting is refused, a last snapshot is taken before one that is allowed, and changes that may interrupt wait for the maintenance window."
  type        = bool
  nullable    = false
}

variable "apply_immediately" {
  description = "Whether changes that may interrupt are made at once. Null: where the database is not protected."
  type        = bool
  default     = null
}

variable "iam_authentication" {
  description = "Whether logins may use IAM tokens in place of passwords."
  type        = bool
  default     = false
  nullable    = false
}

variable "insights_days" {
  description = "For how many days Database Insights keeps what it saw of the load: 0 (off), 7 (free) or 465 (its advanced mode, billed for each vCPU)."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = contains([0, 7, 465], var.insights_days)
    error_message = "insights_days must be 0, 7 or 465: one retention is free, and one belongs to the advanced mode."
  }
}

variable "log_days" {
  description = "For how many days PostgreSQL's logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "log_days must be a retention that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 or more days."
  }
}

variable "windows" {
  description = "When backups are taken each day and when RDS may do maintenance each week, both UTC, within one day each. An instance that is stopped has neither: give one that stops at night windows of the day."
  type = object({
    backup      = optional(string, "01:30-02:00")
    maintenance = optional(string, "sun:02:30-sun:03:30")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", var.windows.backup))
    error_message = "windows.backup must be written as 01:30-02:00."
  }

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$", var.windows.maintenance))
    error_message = "windows.maintenance must be written as sun:02:30-sun:03:30."
  }
}

variable "admin_parameter" {
  description = "The name of the SSM parameter that keeps the administrator's password, as /waybill/dev/database/admin/password."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_.-]+){2,15}$", var.admin_parameter)) && !can(regex("^/(aws|ssm)", lower(var.admin_parameter)))
    error_message = "admin_parameter must be a path as /waybill/dev/database/admin/password, which does not begin with /aws or /ssm."
  }
}

variable "parameters" {
  description = "PostgreSQL's parameters that differ from this module's and RDS's, by name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !contains(keys(var.parameters), "rds.force_ssl")
    error_message = "parameters must not have rds.force_ssl: connections without TLS are never allowed."
  }
}
