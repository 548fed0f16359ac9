-- The ids of messages are ordered by time already; an index of their age was written for every text.
DROP INDEX messages_age;
