;;; explog-log-tests.el --- Tests of logs and headings  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Which files are logs, which headings are experiments, where they are.

;;; Code:

(require 'explog-test)
(require 'json)

;;;; Headings, as the server reads them too

(defun explog-log-tests--table (name)
  "Return the table in the file NAME, which the server is tested with as well."
  (with-temp-buffer
    (insert-file-contents (expand-file-name (concat "tests/data/" name) explog-test-root))
    (json-parse-buffer :object-type 'plist :array-type 'list)))

(ert-deftest explog-log-test-headings ()
  "Each heading of the table has the id that the table says."
  (let ((rows (explog-log-tests--table "headings.json")))
    (should (> (length rows) 80))
    (dolist (row rows)
      (with-temp-buffer
        (insert (plist-get row :text))
        (ert-info ((plist-get row :name) :prefix "Row: ")
          (should (equal (mapcar (pcase-lambda (`(,id . ,position))
                                   (list id (line-number-at-pos position)))
                                 (explog-heading-collect))
                         (plist-get row :experiments))))))))

(ert-deftest explog-log-test-headings-one-by-one ()
  "Each experiment of the table is found by its id, in whatever mode."
  (dolist (row (explog-log-tests--table "headings.json"))
    (with-temp-buffer
      (let ((case-fold-search t))
        (insert (plist-get row :text))
        (goto-char (/ (1+ (point-max)) 2))
        (ert-info ((plist-get row :name) :prefix "Row: ")
          (pcase-dolist (`(,id . ,lines) (seq-group-by #'car (plist-get row :experiments)))
            (should (equal (mapcar #'line-number-at-pos (explog-log-places id))
                           (mapcar #'cadr lines))))
          (dolist (id '("201" "3" "150" "e201" "TODO"))
            (unless (assoc id (plist-get row :experiments))
              (should-not (explog-log-find id)))))
        (should (= (point) (/ (1+ (point-max)) 2)))))))

(ert-deftest explog-log-test-other-tag ()
  "The tag is an option, not a regular expression."
  (let ((explog-tag "e.p"))
    (with-temp-buffer
      (insert "* [1] A :e.p:\n* [2] B :exp:\n")
      ;; Org has no such tag, so none is read.
      (should-not (explog-heading-collect))))
  (let ((explog-tag "experiment"))
    (with-temp-buffer
      (insert "* [1] A :experiment:\n* [2] B :exp:\n* [3] C :experiment_x:\n")
      (should (equal (mapcar #'car (explog-heading-collect)) '("1" "3"))))))

(ert-deftest explog-log-test-titles ()
  "A title is what is left of a heading."
  (pcase-dolist (`(,text . ,title)
                 '(("TODO [201] ABC in XYZ [0%]   :@work:exp:" . "TODO ABC in XYZ")
                   ("<<201>> ABC" . "ABC")
                   ("[201]" . "")
                   ("" . "")
                   ("ABC [x](y) a[3]  [4] D" . "ABC [x](y) a[3] D")))
    (should (equal (explog-heading-title text) title))))

(ert-deftest explog-log-test-entry-end ()
  "A subtree ends where the next heading of its level, or above, begins."
  (with-temp-buffer
    (insert "** A\n*** B\n**bold**\n*\n** C\n* D")
    (goto-char (point-min))
    (should (equal (buffer-substring 1 (explog-log-entry-end)) "** A\n*** B\n**bold**\n*\n"))
    (forward-line 5)
    (should (= (explog-log-entry-end) (point-max)))))

;;;; Files

(defun explog-log-tests--files (&rest names)
  "Return the logs, relative, when `explog-logs' has NAMES in the test's folder."
  (let ((explog-logs (mapcar #'expand-file-name names)))
    (mapcar #'file-relative-name (explog-log-files))))

(ert-deftest explog-log-test-files ()
  "Files, folders and wildcards are expanded, each file once."
  (explog-test-in-folder
    (dolist (name '("b.org" "a.org" "c.txt" ".hidden.org" ".#a.org" "d/e.org" "d/f/g.org"
                    "d/.h/i.org" "[x]*.org" "x.org" "日本.org"))
      (explog-test-write name ""))
    (should (equal (explog-log-tests--files "b.org" "." "none.org")
                   '("b.org" "[x]*.org" "a.org" "x.org" "日本.org" "none.org")))
    (should (equal (explog-log-tests--files "d/") '("d/e.org")))
    (should (equal (explog-log-tests--files "?.org") '("a.org" "b.org" "x.org")))
    (should (equal (explog-log-tests--files "[!a].org") '("b.org" "x.org")))
    (should (equal (explog-log-tests--files "[x]*.org") '("[x]*.org")))
    (should (equal (explog-log-tests--files "*/*.org") '("d/e.org")))
    (should (equal (sort (explog-log-tests--files "d/**/*.org") #'string<)
                   '("d/e.org" "d/f/g.org")))
    (should (equal (explog-log-tests--files "none/*.org" "none/**/*.org") nil))))

(ert-deftest explog-log-test-wildcards ()
  "Wildcards stand for the files that they do for the server."
  (explog-test-in-folder
    (let* ((data (explog-log-tests--table "wildcards.json"))
           (tree (plist-get data :tree)))
      (dolist (name tree)
        (explog-test-write name ""))
      (dolist (row (plist-get data :rows))
        (let* ((log (plist-get row :log))
               (explog-logs (list (concat explog-test-folder log)))
               (wanted (plist-get row :files)))
          (ert-info (log :prefix "Wildcard: ")
            (should (equal (sort wanted #'string<)
                           (sort (mapcar #'file-relative-name (explog-log-files))
                                 #'string<)))
            (dolist (name tree)
              (should (eq (and (member name wanted) t)
                          (and (explog-log-named-p (expand-file-name name)) t))))))))))

(ert-deftest explog-log-test-files-odd-options ()
  "Whatever `explog-logs' holds, it is no error to ask for the logs."
  (dolist (value '(nil "a.org" 5 (nil) (5 "~/a.org") ("~/a.org" . "b") (("a" . 1))))
    (let ((explog-logs value))
      (should (equal (explog-log-files)
                     (and (equal value '(5 "~/a.org"))
                          (list (expand-file-name "~/a.org")))))
      (with-temp-buffer
        (org-mode)
        (setq buffer-file-name "/a.org" buffer-file-truename "/a.org")
        (should-not (explog-log-buffer-p))
        (set-buffer-modified-p nil)))))

(ert-deftest explog-log-test-files-relative ()
  "Relative names begin in the home folder, wherever the user is."
  (let ((default-directory "/ssh:explog.invalid:/tmp/")
        (explog-logs '("a.org")))
    (should (equal (explog-log-files) (list (expand-file-name "~/a.org"))))))

(ert-deftest explog-log-test-remote ()
  "Nothing is looked at on another machine."
  (let* ((remote '("/ssh:explog.invalid:~/a.org" "/ssh:explog.invalid:/b/" "/sudo::/c/*.org"))
         (explog-logs (append remote '("/tmp/local.org")))
         (operations nil)
         (handler (lambda (operation &rest args)
                    (push operation operations)
                    (pcase operation
                      ('file-remote-p "/ssh:explog.invalid:")
                      (_ (error "%s %S would look" operation args)))))
         (file-name-handler-alist (cons (cons "\\`/\\(?:ssh\\|sudo\\):" handler)
                                        file-name-handler-alist)))
    (should (equal (explog-log-files) '("/tmp/local.org")))
    (should (memq 'file-remote-p operations))
    (with-temp-buffer
      (org-mode)
      (setq buffer-file-name (car remote) buffer-file-truename (car remote))
      (unwind-protect
          (progn (should-not (explog-log-buffer-p))
                 (should-not (explog-log-modified-buffers)))
        (setq buffer-file-name nil)))
    (should (seq-every-p (lambda (operation) (eq operation 'file-remote-p)) operations))))

(ert-deftest explog-log-test-buffer-p ()
  "A buffer visits a log by any of its names, in a mode of org."
  (explog-test-in-folder
    (make-symbolic-link (explog-test-write "real/a.org" "") "link.org")
    (make-symbolic-link (expand-file-name "real") "folder")
    (explog-test-write "real/b.txt" "")
    (explog-test-write "real/sub/c.org" "")
    (cl-flet ((is-log (log name)
                (let ((explog-logs (list (expand-file-name log))))
                  (with-current-buffer (find-file-noselect name)
                    (prog1 (let ((buffer (current-buffer)))
                             (with-temp-buffer
                               (explog-log-buffer-p buffer)))
                      (kill-buffer))))))
      (dolist (log '("real/a.org" "link.org" "real" "real/" "folder" "real/*.org" "*/a.org"
                     "folder/a.org" "**/*.org" "real/[a-b].org"))
        (dolist (name '("real/a.org" "link.org" "folder/a.org"))
          (ert-info ((format "%s %s" log name))
            (should (is-log log name)))))
      (dolist (log '("real/b.org" "rea" "real/a" "*.org" "real/sub" "real/?.orgx"))
        (should-not (is-log log "real/a.org")))
      (should-not (is-log "real" "real/sub/c.org"))
      (should-not (is-log "real/b.txt" "real/b.txt")) ; not in Org mode
      (with-temp-buffer
        (org-mode)
        (should-not (explog-log-buffer-p))))))

(ert-deftest explog-log-test-buffer-p-follows-option ()
  "A change of the option counts at once."
  (explog-test-in-folder
    (with-current-buffer (find-file-noselect (explog-test-write "a.org" ""))
      (let ((explog-logs nil))
        (should-not (explog-log-buffer-p))
        (setq explog-logs (list buffer-file-name))
        (should (explog-log-buffer-p))))))

(ert-deftest explog-log-test-buffer-p-is-cheap ()
  "A save costs no look at the logs, however many there are."
  (explog-test-in-folder
    (let ((explog-logs (mapcar (lambda (n) (expand-file-name (format "%d.org" n)))
                               (number-sequence 1 1000))))
      (with-current-buffer (find-file-noselect (explog-test-write "other.org" ""))
        (explog-log-buffer-p)
        (let ((start (float-time (get-internal-run-time))))
          (dotimes (_ 20) (explog-log-buffer-p))
          (should (< (/ (- (float-time (get-internal-run-time)) start) 20) 0.005)))))))

;;;; Ids

(ert-deftest explog-log-test-ids ()
  "The ids of all logs are had from buffers and files, and are never stale."
  (explog-test-in-folder
    (let ((a (explog-test-write "a.org" explog-test-log))
          (b (explog-test-write "b.org" "* [7] Seven [1/2] :exp:\n* [8] no\n")))
      (should (equal (explog-log-ids)
                     `(("201" ,a "TODO [201] ABC in XYZ model [0%]   :@work:exp:")
                       ("202" ,a "DONE [202] DEF in XYZ model [100%]   :exp_vision:")
                       ("7" ,b "[7] Seven [1/2] :exp:"))))
      (explog-test-write "b.org" "* [9] Nine :exp:\n")
      (should (equal (mapcar #'car (explog-log-ids)) '("201" "202" "9")))
      (with-current-buffer (find-file-noselect b)
        (goto-char (point-max))
        (insert "* [10] Ten :exp:\n")
        (narrow-to-region 1 2)
        (should (equal (mapcar #'car (explog-log-ids)) '("201" "202" "9" "10")))
        (should (= (point-max) 2))
        (widen)
        (goto-char (point-max))
        (insert "* [11] Eleven :exp:\n")
        (should (equal (mapcar #'car (explog-log-ids)) '("201" "202" "9" "10" "11")))
        (set-buffer-modified-p nil)
        (kill-buffer))
      (should (equal (mapcar #'car (explog-log-ids)) '("201" "202" "9")))
      (delete-file a)
      (should (equal (mapcar #'car (explog-log-ids)) '("9")))
      (let ((explog-tag "none"))
        (should-not (explog-log-ids)))
      ;; What a caller does to the list does not change the next one.
      (setcar (car (explog-log-ids)) "x")
      (should (equal (mapcar #'car (explog-log-ids)) '("9"))))))

(ert-deftest explog-log-test-ids-unreadable ()
  "A log that is a folder, or not to be decoded, is no error."
  (explog-test-in-folder
    (make-directory "folder.org")
    (explog-test-write "bad.org" "* [5] \377\200 :exp:\n" 'binary)
    (should (equal (mapcar #'car (explog-log-ids)) '("5")))))

(ert-deftest explog-log-test-large ()
  "In a log of years an experiment is found without a wait.
The limits are far above what it takes, for machines under load."
  (with-temp-buffer
    (dotimes (n 10000)
      (insert (format "* TODO [%d] Experiment %d [0%%]  :@work:exp:\n:PROPERTIES:\n:ID:       %d\n:END:\n"
                      n n n)
              "- " (make-string 300 ?x) " [" (number-to-string (1+ n)) "]\n"
              "** Notes\n** TODO Experiments [0/1]\n1. [ ] " (make-string 200 ?y) "\n"))
    (goto-char (point-min))
    (let ((start (float-time (get-internal-run-time))))
      (dolist (id '("1" "5000" "9999"))
        (should (explog-log-find id)))
      (should (< (- (float-time (get-internal-run-time)) start) 1)))
    (let ((start (float-time (get-internal-run-time))))
      (should (= (length (explog-heading-collect)) 10000))
      (should (< (- (float-time (get-internal-run-time)) start) 4)))))

(ert-deftest explog-log-test-large-inherited ()
  "It is no slower where all experiments are beneath one heading."
  (with-temp-buffer
    (insert "* Experiments :exp:\n")
    (dotimes (n 5000)
      (insert (format "** [%d] Experiment\n" n) (make-string 500 ?x) "\n"))
    (let ((start (float-time (get-internal-run-time))))
      (should (= (length (explog-heading-collect)) 5000))
      (should (explog-log-find "4999"))
      (should (< (- (float-time (get-internal-run-time)) start) 3)))))

;;;; Notes of org

(defun explog-log-tests--note (function)
  "Call FUNCTION, which has org take a note, and store that."
  (let ((org-log-note-clock-out nil))
    (funcall function)
    (when (memq 'org-add-log-note post-command-hook)
      (org-add-log-note))
    (when (get-buffer "*Org Note*")
      (with-current-buffer "*Org Note*"
        (insert "A note")
        (org-store-log-note)))))

(ert-deftest explog-log-test-notes-leave-the-steps-alone ()
  "A note of org on the heading of the steps goes into a drawer, others as ever."
  (explog-test-with-log
      (replace-regexp-in-string "| DONE" "| DONE(d!)" explog-test-log)
    (let ((org-log-into-drawer nil)
          (explog-since nil)
          (inhibit-message t))
      (advice-add 'org-log-into-drawer :around #'explog-log-into-drawer-around)
      (unwind-protect
          (pcase-dolist (`(,heading ,change ,drawer)
                         `(("^\\*\\* TODO Experiments" ,(lambda () (org-todo "DONE")) t)
                           ("^\\*\\* DONE Experiments \\[0" org-add-note t)
                           ("^\\* TODO \\[201\\]" ,(lambda () (org-todo "DONE")) nil)
                           ("^\\*\\* TODO Conclusions" ,(lambda () (org-todo "DONE")) nil)))
            (ert-info (heading)
              (goto-char (point-min))
              (re-search-forward heading)
              (explog-log-tests--note change)
              (org-back-to-heading t)
              (let ((text (buffer-substring (point) (save-excursion (outline-next-heading)
                                                                    (point)))))
                (should (string-match-p "State \"DONE\"\\|Note taken" text))
                (should (eq drawer (and (string-match-p ":LOGBOOK:" text) t))))))
        (advice-remove 'org-log-into-drawer #'explog-log-into-drawer-around))
      (goto-char (point-min))
      (re-search-forward "^1\\. \\[ \\] Test XYZ without")
      (org-ctrl-c-ctrl-c)
      (org-list-repair)
      (should (save-excursion (goto-char (point-min))
                              (re-search-forward "^2\\. \\[ \\] Test XYZ with ABC" nil t))))))

(provide 'explog-log-tests)
;;; explog-log-tests.el ends here
