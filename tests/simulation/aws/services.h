#pragma once

#include "aws/answer.h"
#include "aws/cloud.h"

namespace infra::sim {

// Each service answers the operations that it has; others get an error of the service.
Answer serve_ec2(Cloud& cloud, const Request& request);
Answer serve_iam(Cloud& cloud, const Request& request);
Answer serve_sqs(Cloud& cloud, const Request& request);
Answer serve_kms(Cloud& cloud, const Request& request);
Answer serve_lambda(Cloud& cloud, const Request& request);
Answer serve_s3(Cloud& cloud, const Request& request);
Answer serve_ecr(Cloud& cloud, const Request& request);
Answer serve_dynamodb(Cloud& cloud, const Request& request);
Answer serve_sns(Cloud& cloud, const Request& request);
Answer serve_secretsmanager(Cloud& cloud, const Request& request);
Answer serve_rds(Cloud& cloud, const Request& request);
Answer serve_elasticache(Cloud& cloud, const Request& request);
Answer serve_tagging(Cloud& cloud, const Request& request);

// What the ledger says of a thing besides its tags.
Json vpc_state(const Cloud& cloud, const Thing& thing);
Json subnet_state(const Cloud& cloud, const Thing& thing);
Json address_state(const Cloud& cloud, const Thing& thing);
Json internet_gateway_state(const Cloud& cloud, const Thing& thing);
Json nat_gateway_state(const Cloud& cloud, const Thing& thing);
Json security_group_state(const Cloud& cloud, const Thing& thing);
Json route_table_state(const Cloud& cloud, const Thing& thing);
Json instance_state(const Cloud& cloud, const Thing& thing);
Json role_state(const Cloud& cloud, const Thing& thing);
Json queue_state(const Cloud& cloud, const Thing& thing);
Json key_state(const Cloud& cloud, const Thing& thing);
Json function_state(const Cloud& cloud, const Thing& thing);
Json bucket_state(const Cloud& cloud, const Thing& thing);
Json repository_state(const Cloud& cloud, const Thing& thing);
Json table_state(const Cloud& cloud, const Thing& thing);
Json topic_state(const Cloud& cloud, const Thing& thing);
Json secret_state(const Cloud& cloud, const Thing& thing);
Json database_state(const Cloud& cloud, const Thing& thing);
Json cache_state(const Cloud& cloud, const Thing& thing);

// The characters that most services allow in tags; those beyond ASCII are letters to us.
bool plain_tag_text(std::string_view text);

// "here" for ids that are unique in one account and region.
inline std::string here(const Request& request) { return request.account + "/" + request.region; }

}  // namespace infra::sim
