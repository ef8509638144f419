require "rails"
require "active_record/railtie"
require "action_controller/railtie"
class App < Rails::Application
  config.root = __dir__
  config.eager_load = false
  config.consider_all_requests_local = true
  config.secret_key_base = "x" * 30
  config.hosts.clear
  config.log_level = :debug
  config.logger = ActiveSupport::Logger.new(File.join(__dir__, "development.log"))
  config.active_record.verbose_query_logs = true
end
ENV["DATABASE_URL"] = "sqlite3::memory:"
App.initialize!
ActiveRecord::Schema.define do
  create_table(:authors) { |t| t.string :name }
  create_table(:books) { |t| t.string :title; t.integer :author_id }
end
class Author < ActiveRecord::Base; end
class Book < ActiveRecord::Base; belongs_to :author; end
8.times { |n| Author.create!(name: "a#{n}"); Book.create!(title: "b#{n}", author_id: n + 1) }
class BooksController < ActionController::Base
  def index          # N+1, planted
    render plain: Book.all.map { |book| book.author.name }.join(",")
  end
  def show           # a double look-up, planted
    Book.uncached { Book.find(params[:id]); Book.find(params[:id]) }
    render plain: "x"
  end
  def rename         # a right repeat behind a write
    Book.uncached do
      book = Book.find(params[:id])
      book.update!(title: book.title + "!")
      render plain: Book.find(params[:id]).title
    end
  end
end
App.routes.draw { get "/books" => "books#index"; get "/books/:id" => "books#show"; get "/rename/:id" => "books#rename" }
session = Rack::MockRequest.new(App)
n = (ARGV[0] || 1).to_i
n.times do
  ["/books", "/books/3", "/rename/4"].each { |path| r = session.get(path, "REMOTE_ADDR" => "127.0.0.1"); abort(r.body) if r.status != 200 }
end
