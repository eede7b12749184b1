DROP TABLE claim;
DROP TABLE linked_permission;
