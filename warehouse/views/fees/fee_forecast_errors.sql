-- marts.fee_forecast_errors: how far the rates known on the day itself were off, by product.
-- Grain: account, product. Order legs with a forecast; US dollars or the account's currency per leg.
-- legs                with a forecast and a charge
-- legs_without        whose cost the rows known that day did not say
-- bias                mean of charged - forecast
-- mae                 mean of its size
-- mean_charged        mean charge of these legs
-- bias_share, mae_share  of mean_charged
-- is_inside_bound     whether sizing may use forecasts of the product: the rule and its numbers are
--                     `tomking.kernel.fee_forecasts` (2 % bias, 5 % mean error, 20 legs)
WITH errors AS (
    SELECT account, broker, product, charged, charged - forecast AS error
    FROM marts.fee_costs
    WHERE leg_class = 'trade'
),

sums AS (
    SELECT
        account,
        broker,
        product,
        count(error) AS legs,
        count(*) - count(error) AS legs_without,
        avg(CAST(error AS DOUBLE)) AS bias,
        avg(abs(CAST(error AS DOUBLE))) AS mae,
        avg(CAST(charged AS DOUBLE)) FILTER (WHERE error IS NOT NULL) AS mean_charged
    FROM errors
    GROUP BY account, broker, product
)

SELECT
    account,
    broker,
    product,
    legs,
    legs_without,
    CAST(bias AS DECIMAL(18, 6)) AS bias,
    CAST(mae AS DECIMAL(18, 6)) AS mae,
    CAST(mean_charged AS DECIMAL(18, 6)) AS mean_charged,
    CASE WHEN mean_charged > 0 THEN CAST(bias / mean_charged AS DECIMAL(9, 6)) END AS bias_share,
    CASE WHEN mean_charged > 0 THEN CAST(mae / mean_charged AS DECIMAL(9, 6)) END AS mae_share,
    coalesce(legs >= 20 AND mean_charged > 0 AND abs(bias) <= 0.02 * mean_charged AND mae <= 0.05 * mean_charged, false)
        AS is_inside_bound
FROM sums
