using Npgsql;

namespace IotAnalytics.Tests.Deployment.Grafana;

/// <summary>Connections with the rights of the role that Grafana has.</summary>
internal static class ReaderRole
{
    private const string Create = "DO $$ BEGIN CREATE ROLE grafana_reader LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";

    public static async Task EnsureAsync(string connectionString) => await ExecuteAsync(connectionString, Create);

    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The rows of a query that runs as the role.</summary>
    public static async Task<List<object?[]>> QueryAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using (var become = new NpgsqlCommand("SET ROLE grafana_reader", connection))
        {
            await become.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<object?[]>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        }

        return rows;
    }
}
