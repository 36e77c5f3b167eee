// Names of the options of Grafana's panels: writes grafana_schema.json. tests/grafana_schema.py says how to run it.
import fs from "node:fs";
import ts from "typescript";

const [root, out] = process.argv.slice(2);
const PANELS = ["bargauge", "stat", "table", "timeseries"];
const file = (panel) => `${root}/dist/types/raw/composable/${panel}/panelcfg/x/types.gen.d.ts`;
const dashboard = `${root}/dist/types/raw/dashboard/x/types.gen.d.ts`;
const program = ts.createProgram([...PANELS.map(file), dashboard], {
  moduleResolution: ts.ModuleResolutionKind.Node10, skipLibCheck: true,
  baseUrl: root, paths: { "@grafana/schema": [`${root}/dist/types/index.d.ts`] },
});
const checker = program.getTypeChecker();

// An object type as {name: names below it}, null where any value may be.
function names(type, depth = 0) {
  type = checker.getNonNullableType(type);
  if (checker.isArrayType(type)) return names(checker.getTypeArguments(type)[0], depth);
  const parts = type.isUnion() ? type.types.map((one) => checker.getNonNullableType(one)) : [type];
  const found = {};
  for (const part of parts) {
    if (!(part.flags & ts.TypeFlags.Object) || part.getCallSignatures().length || checker.isArrayType(part)) continue;
    if (checker.getIndexInfosOfType(part).length || depth > 5) return null;
    for (const property of checker.getPropertiesOfType(part)) {
      found[property.name] = names(checker.getTypeOfSymbol(property), depth + 1);
    }
  }
  return Object.keys(found).length ? found : null;
}

function named(path, name) {
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(path));
  const one = symbol && checker.getExportsOfModule(symbol).find((exported) => exported.name === name);
  return one ? names(checker.getDeclaredTypeOfSymbol(one)) : {};
}

const panels = Object.fromEntries(
  PANELS.map((panel) => [panel, { options: named(file(panel), "Options"), custom: named(file(panel), "FieldConfig") }]),
);
const version = JSON.parse(fs.readFileSync(`${root}/package.json`, "utf8")).version;
const made = { version, panels, panel: named(dashboard, "Panel"), fieldConfig: named(dashboard, "FieldConfig") };
fs.writeFileSync(out, JSON.stringify(made, null, 1) + "\n");
