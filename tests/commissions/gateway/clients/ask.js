// A tool on topsdk, as its README has it: one call that is answered and one that is refused.
const TopClient = require("topsdk");

const [address, key, secret, adzone, item] = process.argv.slice(2);
const client = new TopClient(key, secret, { endpoint: address, useValidators: true });

async function main() {
  const made = await client.execute("taobao.tbk.dg.general.link.convert", {
    adzone_id: adzone,
    item_dto: JSON.stringify([{ item_id: item, external_id: "小红" }]), // it signs what is in a text only
  });
  const refused = await client
    .execute("taobao.tbk.shop.get", { fields: "user_id", q: "x", page_size: "0" }, "get")
    .catch((error) => ({ code: error.code, sub_code: error.sub_code }));
  console.log(JSON.stringify({ made, refused }));
}

main();
