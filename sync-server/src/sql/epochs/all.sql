SELECT epoch, began_ms, cause FROM epochs ORDER BY began_ms, epoch;
