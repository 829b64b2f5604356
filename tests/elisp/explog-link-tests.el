;;; explog-link-tests.el --- Tests of org's links to experiments  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Storing, following, showing and exporting links, and that org is left
;; as it was.  What is known of experiments is put where the server's
;; answers are kept.

;;; Code:

(require 'explog-test)
(require 'explog-cache)
(require 'explog-link)
(require 'org-agenda)
(require 'ox-ascii)
(require 'ox-html)
(require 'ox-latex)
(require 'ox-md)

(defvar org-export-with-smart-quotes)
(defvar org-export-with-toc)
(defvar org-id-link-to-org-use-id)

;;;; Helpers

(defconst explog-link-tests--201
  (explog-test-experiment
   :ident "201" :title "A & B_{x} <c> \"d\" 100%" :todo "TODO"
   :steps '((:number "1" :box "X" :text "Test $f(x)$ #1" :hash "83d45cd")))
  "An experiment whose title is hostile to whoever exports it.")

(defmacro explog-link-tests--with-type (&rest body)
  "Do BODY with the link type, and nothing known but `explog-link-tests--201'.
Of 999 it is known that no log has it."
  (declare (indent 0) (debug t))
  `(let ((explog-cache--young (make-hash-table :test #'equal))
         (explog-cache--old (make-hash-table :test #'equal))
         (explog-cache--problems nil)
         (org-link-parameters org-link-parameters)
         (org-stored-links nil))
     (puthash "201" (cons explog-cache--tick explog-link-tests--201) explog-cache--young)
     (puthash "999" (cons explog-cache--tick 'unknown) explog-cache--young)
     (unwind-protect
         (progn
           (explog-link-install)
           ,@body)
       (explog-link-uninstall))))

(defun explog-link-tests--stored (place)
  "Return the link that org stores at PLACE of this buffer."
  (explog-test-goto place)
  (let ((inhibit-message t))
    (org-store-link nil nil)))

;;;; Storing

(ert-deftest explog-link-test-store-in-log ()
  "On the first line of an experiment or step it is an exp: link.
It says what stands there, saved or not, whatever the server knows."
  (explog-test-with-log explog-test-log
    (explog-link-tests--with-type
      (explog-test-goto "ABC in XYZ")
      (insert "new ")
      (pcase-dolist (`(,place . ,link)
                     '(("* TODO [201]" . "[[exp:201][e201 new ABC in XYZ model]]")
                       ("model [0%]" . "[[exp:201][e201 new ABC in XYZ model]]")
                       ("1. [ ] Test" . "[[exp:201.1][e201.1 new ABC in XYZ model: Test XYZ without ABC]]")
                       ("with ABC" . "[[exp:201.2][e201.2 new ABC in XYZ model: Test XYZ with ABC]]")
                       ("DEF (83d" . "[[exp:202.1][e202.1 DEF in XYZ model: Test DEF]]")))
        (should (equal (cons place link)
                       (cons place (explog-link-tests--stored place))))))))

(ert-deftest explog-link-test-store-elsewhere-in-log ()
  "In the rest of a log, org stores what it always does."
  (explog-test-with-log explog-test-log
    (dolist (place '("#+TITLE" "- Test if" "** TODO Experiments" "Conclusions" ":ID:"))
      (let* ((before (explog-link-tests--stored place))
             (after (explog-link-tests--with-type (explog-link-tests--stored place))))
        (should (equal (cons place before) (cons place after)))))))

(ert-deftest explog-link-test-store-in-other-file ()
  "In an org file that is no log, only a reference is an exp: link."
  (explog-test-in-folder
    (let ((explog-logs '("/nowhere.org")))
      (with-current-buffer
          (find-file-noselect (explog-test-write
                               "other.org" "* TODO [201] A :exp:\n1. [ ] b\nsee [e201.1]\n"))
        (explog-link-tests--with-type
          (should (string-prefix-p "[[file:" (explog-link-tests--stored "[201]")))
          (should (string-prefix-p "[[file:" (explog-link-tests--stored "b\n")))
          (should (equal (concat "[[exp:201.1][e201.1 A & B_{x} <c> \"d\" 100%: "
                                 "Test $f(x)$ #1]]")
                         (explog-link-tests--stored "e201.1"))))))))

(ert-deftest explog-link-test-store-at-unknown-reference ()
  "A reference of which nothing is known has a link too, by its name."
  (with-temp-buffer
    (insert "[e777.1]")
    (explog-link-tests--with-type
      (should (equal "[[exp:777.1][e777.1]]" (explog-link-tests--stored "e777"))))))

(ert-deftest explog-link-test-store-with-others ()
  "Where another type has a link as well, org asks which."
  (with-temp-buffer
    (insert "[e201.1]")
    (explog-link-tests--with-type
      (org-link-set-parameters
       "other" :store (lambda (&optional _)
                        (org-link-store-props :type "other" :link "other:1")))
      (let (asked)
        (cl-letf (((symbol-function 'completing-read)
                   (lambda (_ choices &rest _)
                     (setq asked choices)
                     (format "%s" (car choices)))))
          (explog-link-tests--stored "e201"))
        (should (length= asked 2))))))

;;;; Following and completing

(ert-deftest explog-link-test-follow ()
  "The link leads to the experiment or step."
  (explog-link-tests--with-type
    (let (gone)
      (cl-letf (((symbol-function 'explog-visit-goto) (lambda (&rest args) (setq gone args))))
        (pcase-dolist (`(,link . ,place) '(("exp:201" "201" nil)
                                           ("exp:201.1" "201" "1")
                                           ("exp:201.1.2" "201" "1.2")
                                           ("exp:e201.1" "201" "1")))
          (org-link-open-from-string (format "[[%s]]" link))
          (should (equal (cons link place) (cons link gone)))))
      (dolist (link '("exp:x" "exp:" "exp:201." "exp:../../etc"))
        (should-error (org-link-open-from-string (format "[[%s]]" link))
                      :type 'user-error)))))

(ert-deftest explog-link-test-complete ()
  "Completion gives a link; its description is what it is to."
  (explog-link-tests--with-type
    (cl-letf (((symbol-function 'explog-read-reference) (lambda (&rest _) "201.1")))
      (should (equal "exp:201.1" (explog-link-complete))))
    (should (equal "mine" (explog-link-description "exp:201" "mine")))
    (should (equal "e201 A & B_{x} <c> \"d\" 100%"
                   (explog-link-description "exp:201" nil)))
    (should-not (explog-link-description "exp:x" nil))))

;;;; What it looks like

(ert-deftest explog-link-test-looks ()
  "A link to what no log has looks different; the tooltip says what it is."
  (explog-link-tests--with-type
    (with-temp-buffer
      (insert "[[exp:201.1]] [[exp:999]] [[exp:201.7]] [[exp:888][d]] [[exp:x]]")
      (org-mode)
      (font-lock-ensure)
      (pcase-dolist (`(,place ,face ,help)
                     '(("201.1" org-link "1 Test $f(x)$ #1")
                       ("999" explog-link-unknown "No log has experiment 999")
                       ("201.7" explog-link-unknown "there is no step 7")
                       ("888" org-link "LINK: exp:888")
                       ("exp:x" org-link "LINK: exp:x")))
        (explog-test-goto place)
        (should (memq face (ensure-list (get-text-property (point) 'face))))
        (let ((echo (get-text-property (point) 'help-echo)))
          (should (string-search help (if (functionp echo)
                                          (funcall echo nil (current-buffer) (point))
                                        echo)))))
      ;; It changes when something else is known.
      (puthash "888" (cons explog-cache--tick 'unknown) explog-cache--young)
      (run-hook-with-args 'explog-cache-changed-functions '("888"))
      (font-lock-ensure)
      (explog-test-goto "888")
      (should (eq 'explog-link-unknown (get-text-property (point) 'face))))))

;; Org's loop over the lines of an agenda never ended where the match data
;; were lost; and tags are no links.
(ert-deftest explog-link-test-tags-in-an-agenda ()
  (explog-test-in-folder
    (explog-link-tests--with-type
      (let* ((file (explog-test-write
                    "tags.org" "* TODO A   :exp:@work:\n* TODO B exp:201 :exp:exp_v:\n"))
             (org-agenda-files (list file))
             (org-agenda-sticky nil)
             (inhibit-message t))
        (save-window-excursion
          (org-tags-view nil "LEVEL=1")
          (goto-char (point-min))
          (search-forward ":exp:@")
          (should-not (get-text-property (- (point) 3) 'mouse-face))
          (should-not (memq 'org-link (ensure-list (get-text-property (- (point) 3) 'face))))
          (search-forward "exp:20")
          (should (get-text-property (point) 'mouse-face)))))))

;;;; Export

(defun explog-link-tests--export (text backend)
  "Return TEXT, of org, exported by BACKEND."
  (with-temp-buffer
    (insert text)
    (org-mode)
    (let ((org-export-with-toc nil) (org-inhibit-startup t))
      (string-trim (org-export-as backend nil nil t)))))

(ert-deftest explog-link-test-export ()
  "A link without a description says what it is to, escaped as each format has it."
  (explog-link-tests--with-type
    (pcase-dolist
        (`(,backend ,text ,described ,unknown)
         '((html "<span class=\"explog\">e201.1 A &amp; B_{x} &lt;c&gt; \"d\" 100%: Test $f(x)$ #1</span>"
                 "<span class=\"explog\"><b>b</b> &amp; c</span>"
                 "<span class=\"explog\">e777</span>")
           (md "e201.1 A & B\\_{x} <c> \"d\" 100%: Test $f(x)$ #1" "**b** & c" "e777")
           (latex "e201.1 A \\& B\\_\\{x\\} <c> \"d\" 100\\%: Test \\$f(x)\\$ \\#1"
                  "\\textbf{b} \\& c" "e777")
           (ascii "e201.1 A & B_{x} <c> \"d\" 100%: Test $f(x)$ #1" "*b* & c" "e777")))
      (should (string-search text (replace-regexp-in-string
                                   "&quot;" "\""
                                   (replace-regexp-in-string
                                    "[ \n]+" " "
                                    (explog-link-tests--export "x [[exp:201.1]] y" backend)))))
      (should (string-search described
                             (explog-link-tests--export "x [[exp:201.1][*b* & c]]" backend)))
      (should (string-search unknown (explog-link-tests--export "x [[exp:777]]" backend))))))

(ert-deftest explog-link-test-export-smart-quotes ()
  "Org may be told to make quotes nice."
  (explog-link-tests--with-type
    (let ((org-export-with-smart-quotes t))
      (should (string-search "\"d\" 100%"
                             (explog-link-tests--export "\"x\" [[exp:201]]" 'ascii))))))

(defconst explog-link-tests--document "\
See [[exp:201.1][first]], [[exp:202][second]], [[exp:203][third]] and [[exp:204][fourth]].
* Experiments
** TODO [201] One :exp:
:PROPERTIES:
:CUSTOM_ID: 201
:END:
** [202] Two :exp:
** [203] Three :exp:noexport:
** [204] Four, which is no experiment
"
  "A document with entries of experiments.")

(ert-deftest explog-link-test-export-anchors ()
  "In HTML a link leads to the entry if that is in the same document."
  (explog-link-tests--with-type
    (let ((html (explog-link-tests--export explog-link-tests--document 'html)))
      (should (string-search "<a href=\"#201\" class=\"explog\">first</a>" html))
      (should (string-search "<h3 id=\"201\">" html))
      (should (string-match "<a href=\"#\\(org[0-9a-f]+\\)\" class=\"explog\">second</a>" html))
      (should (string-search (format "<h3 id=\"%s\">" (match-string 1 html)) html))
      (should (string-search "<span class=\"explog\">third</span>" html))
      (should (string-search "<span class=\"explog\">fourth</span>" html)))))

(ert-deftest explog-link-test-export-hostile-anchor ()
  "An anchor cannot end the attribute that it stands in."
  (should (equal "<a href=\"#a&#34;&#60;b\" class=\"explog\">t</a>"
                 (explog-link-export--html "t" "a\"<b"))))

;;;; On and off

(ert-deftest explog-link-test-on-and-off ()
  "Org has the type as long as `explog-mode' is on, and is left as it was."
  (let ((explog-logs nil) (explog-repositories nil) (inhibit-message t)
        (parameters (copy-tree org-link-parameters))
        (types org-link-types-re))
    (unwind-protect
        (progn
          (explog-mode 1)
          (should (eq #'explog-link-follow (org-link-get-parameter "exp" :follow)))
          (should (string-match-p org-link-types-re "exp:201"))
          (explog-mode -1)
          (explog-mode 1))
      (explog-mode -1))
    (should (equal parameters org-link-parameters))
    (should (equal types org-link-types-re))
    (should-not (memq #'explog-link--changed explog-cache-changed-functions))))

(ert-deftest explog-link-test-users-own-type-stays ()
  "A type of that name that the user has stays the user's."
  (let ((org-link-parameters org-link-parameters)
        (explog-logs nil) (explog-repositories nil) (inhibit-message t))
    (org-link-set-parameters "exp" :follow #'ignore)
    (unwind-protect
        (explog-mode 1)
      (explog-mode -1))
    (should (eq #'ignore (org-link-get-parameter "exp" :follow)))))

(ert-deftest explog-link-test-buffers-are-fontified-again ()
  "Links that are there already look like links when the mode is turned on."
  (let ((explog-logs nil) (explog-repositories nil) (inhibit-message t))
    (with-temp-buffer
      (insert "see [[exp:201][d]] and exp:202\n")
      (org-mode)
      (font-lock-ensure)
      (explog-test-goto "exp:202")
      (should-not (get-text-property (point) 'face))
      (unwind-protect
          (progn
            (explog-mode 1)
            (font-lock-ensure)
            (should (eq 'org-link (get-text-property (point) 'face))))
        (explog-mode -1))
      (font-lock-ensure)
      (should-not (get-text-property (point) 'face)))))

(provide 'explog-link-tests)
;;; explog-link-tests.el ends here
