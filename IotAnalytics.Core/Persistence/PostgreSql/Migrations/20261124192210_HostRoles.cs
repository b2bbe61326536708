using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IotAnalytics.Core.Persistence.PostgreSql.Migrations
{
    /// <inheritdoc />
    public partial class HostRoles : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "host_role",
                schema: "iot",
                columns: table => new
                {
                    role = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    owner = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    taken_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_host_role", x => x.role);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "host_role",
                schema: "iot");
        }
    }
}
