-- Of every two organisations in every period of cross_use: whom they share, the share of either's
-- customers that this is, and lift, how much oftener they meet than by chance:
-- shared × network ÷ (customers × those of the other).
CREATE VIEW IF NOT EXISTS cross_use_pairs AS
SELECT period, one.organisation AS organisation, other, shared,
    shared / customers AS share,
    shared / others_customers AS share_of_other,
    shared * network / (customers * others_customers) AS lift
FROM (
    SELECT period, organisation, customers, network, beside.name AS other, beside.shared AS shared
    FROM cross_use FINAL ARRAY JOIN other AS beside
    WHERE organisation != '' AND beside.kind = 'organisation'
) AS one
INNER JOIN (
    SELECT period, toString(organisation) AS other, customers AS others_customers FROM cross_use FINAL
) AS two USING (period, other);
