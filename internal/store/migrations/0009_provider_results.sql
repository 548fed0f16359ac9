-- What became of the texts that each provider was given, by country and hour: counted once, some minutes after they left.
CREATE TABLE provider_results (
	hour      BIGINT NOT NULL, -- since 1970
	provider  TEXT   NOT NULL,
	country   TEXT   NOT NULL,
	taken     BIGINT NOT NULL,
	missed    BIGINT NOT NULL, -- not taken, lost, or never reported on and sent another way
	delivered BIGINT NOT NULL,
	redeemed  BIGINT NOT NULL,
	PRIMARY KEY (hour, provider, country)
);
